// Before the first paint, so that a dark screen does not flash white: the chosen scheme, or the system's.
// A file of its own, because a strict content security policy allows no inline scripts.
(() => {
  let chosen = 'auto';
  try {
    chosen = localStorage.getItem('stormtail.color-scheme') ?? 'auto';
  } catch {
    // Storage is forbidden: the system's scheme it is.
  }
  const isDark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light');
})();
