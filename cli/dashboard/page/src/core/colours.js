// Colours of runs: ten that people with colour-blindness tell apart (after Okabe-Ito and Tol), each once
// for a dark and once for a light ground. Neighbours in time differ; after ten they begin again.
const PALETTE = {
  dark: ["#56b4e9", "#e69f00", "#2fc29a", "#f0728f", "#b7a1f5", "#e8d94a", "#ff8b4f", "#7fd6e8", "#c3c8cf", "#9ccc5a"],
  light: ["#0072b2", "#c77700", "#008a66", "#c2305a", "#6a4fc4", "#8f7f00", "#c24a00", "#1b8ca6", "#5c6470", "#4d8019"],
};

export const colourOf = (index, theme) => PALETTE[theme][index % PALETTE[theme].length];

// A scale from little to much that is as dark in grey as in colour (after viridis), 0 to 1.
const STOPS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

export function gradient(share) {
  const at = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const low = Math.min(STOPS.length - 2, Math.floor(at));
  const part = (i) => Math.round(STOPS[low][i] + (STOPS[low + 1][i] - STOPS[low][i]) * (at - low));
  return `rgb(${part(0)} ${part(1)} ${part(2)})`;
}
