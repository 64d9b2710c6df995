/** The parameters of an execution in one line of a list. */

/** A list shows no more than this; the rest is on the execution's page. */
const charsMax = 160;

/** `cmd=echo hi, timeout=60`; a lone parameter without its name. Empty for none. */
export function parameterSummary(parameters: Readonly<Record<string, unknown>> | undefined): string {
  const entries = Object.entries(parameters ?? {}).filter(([, value]) => value !== null && value !== undefined);
  const texts = entries.map(([name, value]) => {
    const text = (typeof value === 'string' ? value.slice(0, charsMax) : JSON.stringify(value)).replace(/\s+/g, ' ');
    return entries.length === 1 ? text : `${name}=${text}`;
  });
  const all = texts.join(', ');
  return all.length > charsMax ? `${all.slice(0, charsMax - 1)}…` : all;
}
