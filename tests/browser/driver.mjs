// SPDX-License-Identifier: Apache-2.0
// A browser, steered line by line:  node driver.mjs CHROMIUM
// Each line of its input is an operation, answered by {n, result} or {n, error}:
//   {n, op: "open", options, init}                         a page in a context of its own; result: its number;
//                                                          init: a script that runs before those of each page
//   {n, op: "call", page, chain: [[method, argument...]]}  playwright's methods, each on what the one before gave
//   {n, op: "mouse", page, method, args}                   the same of its mouse
//   {n, op: "seen", page}                                  {errors, dialogs, requests} of the page so far
//   {n, op: "close", page}
// At the end of its input the browser closes.
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const ACTION_MS = 20000;
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath: process.argv[2], headless: true, args });
const pages = new Map();
let opened = 0;
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** What a page should never do is noted from its first moment on. */
function watch(page) {
  const seen = { errors: [], dialogs: [], requests: [] };
  page.on('pageerror', (error) => seen.errors.push(String(error.stack ?? error)));
  page.on('console', (message) => {
    if (message.type() === 'error') seen.errors.push(message.text());
  });
  page.on('dialog', (dialog) => {
    seen.dialogs.push(dialog.message());
    dialog.dismiss();
  });
  page.context().on('request', (request) => seen.requests.push(request.url()));
  return seen;
}

const operations = {
  async open({ options, init }) {
    const context = await browser.newContext(options);
    if (init) await context.addInitScript(init);
    const page = await context.newPage();
    page.setDefaultTimeout(ACTION_MS);
    opened += 1;
    pages.set(opened, { page, context, seen: watch(page) });
    return opened;
  },
  async call({ page, chain }) {
    let object = pages.get(page).page;
    for (const [method, ...given] of chain) object = await object[method](...given);
    return object;
  },
  async mouse({ page, method, args }) {
    await pages.get(page).page.mouse[method](...args);
  },
  async seen({ page }) {
    return pages.get(page).seen;
  },
  async close({ page }) {
    await pages.get(page).context.close();
    pages.delete(page);
  },
};

/** Playwright's own objects stay here. */
function plain(result) {
  const known = typeof result !== 'object' || [Object, Array].includes(result?.constructor);
  return known ? result ?? null : null;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { n, op, ...fields } = JSON.parse(line);
  try {
    say({ n, result: plain(await operations[op](fields)) });
  } catch (error) {
    say({ n, error: error.message });
  }
}
await browser.close();
