/**
 * From anything thrown to an HTTP answer: the only place that knows which error is which status. What the caller did
 * wrong is explained to the caller; what went wrong on our side is logged, and the answer says no more than that.
 */
import { type ErrorCode, isFault } from '../base/errors.ts';
import type { ErrorBody } from '../wire/error-body.ts';

const statusOf: Readonly<Record<ErrorCode, number>> = {
  invalid_input: 400,
  invalid_parameter: 400,
  invalid_content: 400,
  invalid_transition: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  no_input: 409,
  busy: 503,
  storage_full: 507,
  store_failed: 500,
  invalid_config: 500,
  address_in_use: 500,
  home_unusable: 500,
  start_failed: 500,
  ssh_failed: 500,
  unreachable: 500,
};

/** Below it nobody here need look at the log. */
const serverErrors = 500;

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorBody;
  /** Neither the caller's mistake nor a bound that was reached: belongs in the log. */
  readonly isUnexpected: boolean;
}

export const notFoundText = 'The resource could not be found.';

/** `contentType`: what the request said of its body, for the message. */
export function errorAnswer(error: unknown, contentType = ''): ErrorAnswer {
  if (isFault(error)) {
    const status = statusOf[error.code];
    if (status === serverErrors) return unexpected;
    const id = error.details.id;
    return {
      status,
      headers: error.code === 'busy' ? { 'Retry-After': '1' } : {},
      body: {
        faultstring: error.message,
        ...(error.code === 'conflict' && typeof id === 'string' ? { 'conflict-id': id } : {}),
      },
      isUnexpected: error.code === 'storage_full',
    };
  }
  const status = statusOfRequestError(error);
  if (status === undefined || !(error instanceof Error)) return unexpected;
  const faultstring = status === 413 ? bodyTooLargeText : unreadableText(error, contentType);
  return { status, headers: {}, body: { faultstring }, isUnexpected: false };
}

export const bodyBytesMax = 20 * 1024 * 1024; // what StackStorm's own proxy lets through, several times over

const bodyTooLargeText = `Request body is too large: at most ${bodyBytesMax} bytes are accepted.`;

function unreadableText(error: Error, contentType: string): string {
  const isTypeUnknown = 'code' in error && error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE';
  return `Failed to parse request body: ${isTypeUnknown ? `Unsupported Content-Type: "${contentType}"` : error.message}`;
}

const unexpected: ErrorAnswer = {
  status: serverErrors,
  headers: {},
  body: { faultstring: 'Internal Server Error' },
  isUnexpected: true,
};

/** What the HTTP library itself refuses: bodies that are too long, cut short, or longer than announced. */
function statusOfRequestError(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error) || !('code' in error)) return undefined;
  if (typeof error.code !== 'string' || !error.code.startsWith('FST_ERR_CTP_')) return undefined;
  return error.statusCode === 413 ? 413 : 400;
}
