// The one door to the server (docs/http.md). What goes wrong is a Problem, as the server words it.

export class Problem extends Error {
  constructor({ code, message, hint, retryable }) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.retryable = Boolean(retryable);
  }
}

const UNREACHABLE = {
  code: "unreachable",
  message: "The dashboard's server does not answer.",
  hint: "Is `tocsin show` still running?",
  retryable: true,
};

export function queryOf(params) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (Array.isArray(value)) value.forEach((one) => query.append(name, one));
    else if (value === true) query.set(name, "1");
    else if (value !== undefined && value !== null && value !== false) query.set(name, value);
  }
  return query.toString();
}

async function read(answer) {
  const body = await answer.json().catch(() => null);
  if (answer.ok && body !== null) return body;
  throw new Problem(body?.error ?? { ...UNREACHABLE, message: `The server answered with status ${answer.status}.` });
}

export async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(`/api/${path}`, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(UNREACHABLE);
  }
  return read(answer);
}

export const get = (path, params = {}, signal) => ask(`${path}?${queryOf(params)}`, { signal });

// Acknowledging and silencing; the header is what no other site can send.
export const post = (path, body) =>
  ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Tocsin": "1" },
    body: JSON.stringify(body),
  });
