// A run's state, and its dot of colour.

const TITLES = { running: "Running", finished: "Finished", failed: "Failed" };

export const State = ({ state }) => <span class={`badge state-${state}`}><i />{TITLES[state] ?? state}</span>;

export const Dot = ({ colour }) => <i class="dot" style={{ background: colour }} />;
