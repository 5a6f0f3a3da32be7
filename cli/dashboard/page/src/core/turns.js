// Work in turns: what is drawn waits here, and each frame does as much as fits into it, so that the
// page answers while many panels are drawn. A job that is asked for again is done once.

const FRAME_MS = 10;
const jobs = new Map();
let asked = false;

function run() {
  const end = performance.now() + FRAME_MS;
  for (const [owner, job] of jobs) {
    jobs.delete(owner);
    job();
    if (performance.now() >= end) break;
  }
  asked = jobs.size > 0;
  if (asked) requestAnimationFrame(run);
}

// owner: any object; its newest job counts.
export function inTurn(owner, job) {
  jobs.set(owner, job);
  if (!asked) {
    asked = true;
    requestAnimationFrame(run);
  }
}

export const dropTurn = (owner) => jobs.delete(owner);
