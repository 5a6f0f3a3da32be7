// How grave an alert is, as colour and as a word.
export const Level = ({ level }) => <span class={`badge level-${level}`}><i />{level}</span>;
