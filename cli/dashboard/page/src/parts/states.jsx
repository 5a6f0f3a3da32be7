// What stands where there is nothing to show yet: why, and what to do.

export function Empty({ title, children }) {
  return (
    <div class="state">
      <p class="state-title">{title}</p>
      {children && <div class="state-text">{children}</div>}
    </div>
  );
}

export function Failure({ problem, onRetry }) {
  return (
    <div class="state state-bad" role="alert">
      <p class="state-title">{problem.message}</p>
      <div class="state-text">
        {problem.hint && <p>{problem.hint}</p>}
        {problem.retryable && <p>Trying again by itself.</p>}
        {onRetry && <button class="button" onClick={onRetry}>Try again</button>}
      </div>
    </div>
  );
}

export const Loading = () => <div class="state state-wait" role="status" aria-label="Loading"><span class="pulse" /></div>;

// The three together, as most views need them: what useApi gave, and what draws its data.
export function Answer({ of, children }) {
  if (of.data !== undefined) {
    return (
      <>
        {of.problem && <div class="strip strip-bad">{of.problem.message} {of.problem.hint}</div>}
        {children(of.data)}
      </>
    );
  }
  return of.problem ? <Failure problem={of.problem} onRetry={of.reload} /> : <Loading />;
}
