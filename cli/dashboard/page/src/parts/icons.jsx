// The few pictures of the page, drawn on a grid of 16.
const PATHS = {
  bell: "M8 1.5a.9.9 0 0 0-.9.9v.5A4.2 4.2 0 0 0 3.8 7v3.2L2.4 12.3h11.2l-1.4-2.1V7a4.2 4.2 0 0 0-3.3-4.1v-.5A.9.9 0 0 0 8 1.5zM6.4 13.5a1.6 1.6 0 0 0 3.2 0z",
  sun: "M8 4.8a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4zM7.5 1h1v2h-1zM7.5 13h1v2h-1zM1 7.5h2v1H1zM13 7.5h2v1h-2zM3.05 2.34l1.42 1.42-.71.71-1.42-1.42zM12.24 11.53l1.42 1.42-.71.71-1.42-1.42zM13.66 3.05l-1.42 1.42-.71-.71 1.42-1.42zM4.47 12.24l-1.42 1.42-.71-.71 1.42-1.42z",
  moon: "M13.5 10A6 6 0 0 1 6 2.5a6 6 0 1 0 7.5 7.5z",
  close: "M3.5 2.8 8 7.3l4.5-4.5.7.7L8.7 8l4.5 4.5-.7.7L8 8.7l-4.5 4.5-.7-.7L7.3 8 2.8 3.5z",
  panel: "M1.5 2.5h13v11h-13zm1 1v9h3v-9zm4 0v9h7v-9z",
  more: "M3 7h2v2H3zM7 7h2v2H7zM11 7h2v2h-2z",
  down: "M7.5 2h1v8l3-3 .7.7L8 12 3.8 7.7l.7-.7 3 3zM3 13h10v1H3z",
  expand: "M2 2h5v1H3v4H2zM14 14H9v-1h4V9h1z",
  search: "M6.8 2a4.8 4.8 0 1 0 2.95 8.58l3.33 3.33.85-.85-3.33-3.33A4.8 4.8 0 0 0 6.8 2zm0 1.2a3.6 3.6 0 1 1 0 7.2 3.6 3.6 0 0 1 0-7.2z",
};

export const Icon = ({ name }) => (
  <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d={PATHS[name]} fill="currentColor" fill-rule="evenodd" /></svg>
);
