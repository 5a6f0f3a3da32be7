// SPDX-License-Identifier: Apache-2.0
// An official client of the Model Context Protocol, steered line by line:
//   node client.mjs sdk|legacy|auto|modern PROGRAM [ARGUMENT...]
// First it connects and prints {version, server, instructions}. Then each line of its input is an operation,
// {n, op: "tools"} | {n, op: "call", name, arguments} | {op: "cancel", n} | {n, op: "request", method, params},
// and when it is done prints {n, result} or {n, error: {code, message}}. At the end of its input it closes.
import { createInterface } from 'node:readline';

const [kind, program, ...argv] = process.argv.slice(2);
const server = { command: program, args: argv, env: process.env, stderr: 'inherit' };
const identity = { name: 'tocsin-tests', version: '1' };
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

// The first generation of clients; it can only say hello.
async function connectSdk() {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
  const { StdioClientTransport } = await import('@modelcontextprotocol/sdk/client/stdio.js');
  const { ResultSchema } = await import('@modelcontextprotocol/sdk/types.js');
  const client = new Client(identity);
  await client.connect(new StdioClientTransport(server));
  return {
    client,
    version: null, // it does not tell
    call: (params, options) => client.callTool(params, undefined, options),
    request: (request, options) => client.request(request, ResultSchema, options),
  };
}

const negotiations = { legacy: undefined, auto: { mode: 'auto' }, modern: { mode: { pin: '2026-07-28' } } };

async function connectClient() {
  const { Client } = await import('@modelcontextprotocol/client');
  const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
  const client = new Client(identity, { versionNegotiation: negotiations[kind] });
  await client.connect(new StdioClientTransport(server));
  return {
    client,
    version: client.getNegotiatedProtocolVersion(),
    call: (params, options) => client.callTool(params, options),
    request: (request, options) => client.request(request, options),
  };
}

const { client, version, call, request } = await (kind === 'sdk' ? connectSdk() : connectClient());
const running = new Map();

function perform({ n, op, name, arguments: given, method, params }) {
  const stop = new AbortController();
  const options = { signal: stop.signal, timeout: 60_000 };
  running.set(n, stop);
  if (op === 'tools') return client.listTools();
  if (op === 'call') return call({ name, arguments: given }, options);
  return request({ method, params }, options);
}

function take(operation) {
  if (operation.op === 'cancel') {
    running.get(operation.n).abort('the test wants it');
    return;
  }
  const { n } = operation;
  perform(operation)
    .then((result) => say({ n, result }))
    .catch((error) => say({ n, error: { code: error.code ?? null, message: String(error.message ?? error) } }));
}

client.onclose = () => say({ closed: true });
say({ version, server: client.getServerVersion(), instructions: client.getInstructions() });
for await (const line of createInterface({ input: process.stdin })) {
  take(JSON.parse(line));
}
await client.close();
