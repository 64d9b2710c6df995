/**
 * What a scalar means in YAML 1.1 as PyYAML reads it: `yes` is true, `0755` is 493, `1:30` is 90, `1e3` is text. Packs
 * were written against that reader, and a YAML 1.2 one would change what they say (spec/packs.md §1.1).
 */

export type ScalarValue =
  | { readonly kind: 'value'; readonly value: string | number | boolean | null }
  /** A date, or a number that JSON cannot write: legal YAML, but not for anything a pack can say. */
  | { readonly kind: 'not-json'; readonly what: string }
  | { readonly kind: 'refused'; readonly why: string };

const truths = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const falsehoods = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const nulls = /^(?:~|null|Null|NULL|)$/;
const integer =
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const float =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const date =
  /^(?:\d{4}-\d{2}-\d{2}|\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d{1,2}(?::\d{2})?))?)$/;

const tagPrefix = 'tag:yaml.org,2002:';

/** A scalar without quotes and without a tag. */
export function plainScalar(text: string): ScalarValue {
  if (truths.test(text)) return { kind: 'value', value: true };
  if (falsehoods.test(text)) return { kind: 'value', value: false };
  if (nulls.test(text)) return { kind: 'value', value: null };
  if (integer.test(text)) return numberValue(text, integerOf(text));
  if (float.test(text)) return numberValue(text, floatOf(text));
  if (date.test(text)) return { kind: 'not-json', what: 'a date' };
  return { kind: 'value', value: text };
}

/** A scalar with a tag such as `!!str` or `!!int`, quoted or not. */
export function taggedScalar(tag: string, text: string): ScalarValue {
  switch (tag) {
    case '!':
    case `${tagPrefix}str`:
      return { kind: 'value', value: text };
    case `${tagPrefix}null`:
      return { kind: 'value', value: null };
    case `${tagPrefix}bool`: {
      const isTrue = truths.test(text);
      return isTrue || falsehoods.test(text) ? { kind: 'value', value: isTrue } : misfit(text, 'a boolean');
    }
    case `${tagPrefix}int`:
      return integer.test(text) ? numberValue(text, integerOf(text)) : misfit(text, 'an integer');
    case `${tagPrefix}float`:
      if (integer.test(text)) return numberValue(text, integerOf(text));
      return float.test(text) ? numberValue(text, floatOf(text)) : misfit(text, 'a number');
    default:
      return { kind: 'refused', why: unknownTag(tag) };
  }
}

/** `tag:yaml.org,2002:set` reads better as it was written: `!!set`. */
export function unknownTag(tag: string): string {
  const written = tag.startsWith(tagPrefix) ? `!!${tag.slice(tagPrefix.length)}` : tag;
  return `the tag ${written} is not known here; content of packs is plain text, numbers, lists and maps`;
}

function misfit(text: string, what: string): ScalarValue {
  return { kind: 'refused', why: `"${text}" is not ${what}` };
}

function numberValue(text: string, value: number): ScalarValue {
  if (Number.isFinite(value)) return { kind: 'value', value: value + 0 }; // + 0: there is no integer minus zero
  return /^[-+]?\.(?:inf|nan)$/i.test(text)
    ? { kind: 'not-json', what: 'not a finite number' }
    : misfit(text, 'a number');
}

function integerOf(text: string): number {
  const { sign, digits } = signed(text);
  if (digits.startsWith('0b')) return sign * parseDigits(digits.slice(2), 2);
  if (digits.startsWith('0x')) return sign * parseDigits(digits.slice(2), 16);
  if (digits.includes(':')) return sign * base60(digits);
  return sign * parseDigits(digits, digits.startsWith('0') ? 8 : 10);
}

function floatOf(text: string): number {
  const { sign, digits } = signed(text);
  if (/^\.(?:inf|nan)$/i.test(digits)) return Number.NaN;
  return sign * (digits.includes(':') ? base60(digits) : Number(digits));
}

function signed(text: string): { sign: number; digits: string } {
  const digits = text.replaceAll('_', '');
  if (/^[-+]/.test(digits)) return { sign: digits.startsWith('-') ? -1 : 1, digits: digits.slice(1) };
  return { sign: 1, digits };
}

/** NaN where there are only underscores. */
function parseDigits(digits: string, base: number): number {
  return Number.parseInt(digits, base);
}

function base60(digits: string): number {
  return digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}
