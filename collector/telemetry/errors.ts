/**
 * The catalogue of errors that leave the collector: a stable code, the HTTP status, and whether the sender should
 * try again. docs/errors.md lists the same table; a test holds the two together.
 */
export const ERRORS = {
  'bad-data': { status: 400, retryable: false, means: 'The body is not what its content type says.' },
  'bad-request': { status: 400, retryable: false, means: 'A parameter is missing or not of its form.' },
  'not-found': { status: 404, retryable: false, means: 'Nothing is stored under this id.' },
  'nothing-changed': {
    status: 404,
    retryable: false,
    means: 'Nothing changed in the time that was to be explained.',
  },
  'method-not-allowed': { status: 405, retryable: false, means: 'The path takes another method.' },
  'too-large': { status: 413, retryable: false, means: 'The body exceeds the configured limit.' },
  'unsupported-media': {
    status: 415,
    retryable: false,
    means: 'Content type or encoding is not one that is read here.',
  },
  'too-slow': { status: 504, retryable: true, means: 'The query did not end before its deadline.' },
  cancelled: { status: 499, retryable: false, means: 'The reader went away before the answer.' },
  overloaded: {
    status: 503,
    retryable: true,
    means: 'More is waiting than the queue holds, or a service sends more than its limit.',
  },
  'store-full': { status: 503, retryable: true, means: 'The disk has no room; reads go on.' },
  'store-failed': {
    status: 503,
    retryable: true,
    means: 'The store could not write; nothing was acknowledged.',
  },
  'store-damaged': {
    status: 500,
    retryable: false,
    means: 'The store file is damaged or of a newer version.',
  },
  internal: { status: 500, retryable: false, means: 'A defect in the collector; the log has its stack.' },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** An error of the catalogue; `message` says what, where and what to do. */
export class CollectorError extends Error {
  readonly code: ErrorCode;
  /** Seconds after which a retry makes sense; only for retryable ones. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'CollectorError';
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}
