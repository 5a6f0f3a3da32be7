// Questions stand in line: a browser has six connections to a server, one of them is for events, and what somebody
// clicks must not wait behind a page of panels.

const AT_ONCE = 3;
const waiting = [];
let underWay = 0;

function next() {
  while (underWay < AT_ONCE && waiting.length > 0) {
    const { job, signal, resolve, reject } = waiting.shift();
    if (signal.aborted) {
      reject(signal.reason);
      continue;
    }
    underWay++;
    job().then(resolve, reject).finally(() => {
      underWay--;
      next();
    });
  }
}

export function inLine(job, signal) {
  return new Promise((resolve, reject) => {
    waiting.push({ job, signal, resolve, reject });
    next();
  });
}
