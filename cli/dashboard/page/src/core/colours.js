// Colours of runs: ten that people with colour-blindness tell apart (after Okabe-Ito and Tol), each once
// for a dark and once for a light ground. Neighbours in time differ; after ten they begin again.
const PALETTE = {
  dark: ["#56b4e9", "#e69f00", "#2fc29a", "#f0728f", "#b7a1f5", "#e8d94a", "#ff8b4f", "#7fd6e8", "#c3c8cf", "#9ccc5a"],
  light: ["#0072b2", "#c77700", "#008a66", "#c2305a", "#6a4fc4", "#8f7f00", "#c24a00", "#1b8ca6", "#5c6470", "#4d8019"],
};

export const colourOf = (index, theme) => PALETTE[theme][index % PALETTE[theme].length];
