/** Whether a value is a template: text with `{{` or `{%` in it, at any depth (spec/executions.md §4.2). */
export function isTemplate(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('{{') || value.includes('{%');
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, item]) => isTemplate(key) || isTemplate(item));
}
