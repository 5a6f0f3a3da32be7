// What stands together, and in one colour.
import { useUrl } from "../core/url.js";
import { configKeys } from "../data/runs.js";

export function GroupChoice({ rows }) {
  const [group, setGroup] = useUrl("group");
  return (
    <label class="choice">Group
      <select value={group} onChange={(event) => setGroup(event.target.value)}>
        <option value="">none</option>
        <option value="group">group</option>
        <option value="state">state</option>
        {configKeys(rows).map((key) => <option key={key} value={`config.${key}`}>{key}</option>)}
      </select>
    </label>
  );
}
