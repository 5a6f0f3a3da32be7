// Dark or light: what the system says, unless somebody chose. The choice is this browser's, not the link's.
import { createStore } from "./store.js";

const KEY = "tocsin.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function chosen() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // a browser that keeps nothing
  }
}

const current = () => chosen() ?? (system.matches ? "dark" : "light");

export const theme = createStore(current());

function apply() {
  document.documentElement.dataset.theme = current();
  theme.set(current());
}

export function toggleTheme() {
  const next = theme.get() === "dark" ? "light" : "dark";
  try {
    if (next === (system.matches ? "dark" : "light")) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    document.documentElement.dataset.theme = next;
    theme.set(next);
    return;
  }
  apply();
}

system.addEventListener("change", apply);
apply();

// A colour of the style sheet, for what is drawn on a canvas.
export const cssColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
