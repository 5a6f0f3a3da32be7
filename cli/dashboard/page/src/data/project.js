// What is served, and which project is open: the address says it, else `tocsin show --project`, else the newest.
import { useEffect } from "preact/hooks";
import { createStore, useStore } from "../core/store.js";
import { followProject } from "../core/events.js";
import { get } from "../core/api.js";
import { useUrl } from "../core/url.js";

// {version, project, writes, projects: [{name, num_runs, last_seen}]}, or a problem.
export const site = createStore({ loading: true });

const RETRY_MS = 3000;

export async function loadSite() {
  try {
    const [session, list] = await Promise.all([get("session"), get("list/projects")]);
    site.set({ ...session, projects: list.details.sort((a, b) => b.last_seen.localeCompare(a.last_seen)) });
    if (list.details.length === 0) setTimeout(loadSite, RETRY_MS); // the first one is worth waiting for
  } catch (problem) {
    if (site.get().projects === undefined) site.set({ problem });
    if (problem.retryable) setTimeout(loadSite, RETRY_MS);
  }
}

export function useProject() {
  const { project, projects } = useStore(site);
  const [named] = useUrl("project");
  return named || project || projects?.[0]?.name || null;
}

// For the shell, once: listens to the project that is open.
export function useProjectEvents(project) {
  useEffect(() => {
    followProject(project);
    return () => followProject(null);
  }, [project]);
}
