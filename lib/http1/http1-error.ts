/** A message that is not HTTP/1 or says two things, and the status that a server answers to it. */

/** The peer sent something that is refused; `status` is what a client gets for it. */
export class Http1Error extends Error {
  override readonly name = "Http1Error";
  readonly code: "malformed" | "ambiguous" | "limit" | "unsupported";
  readonly status: number;

  constructor(
    message: string,
    how: { readonly code: Http1Error["code"]; readonly status: number },
  ) {
    super(message);
    this.code = how.code;
    this.status = how.status;
  }
}

/** 400: the bytes are no HTTP/1. */
export function malformed(what: string): Http1Error {
  return new Http1Error(`Cannot read message: ${what}`, { code: "malformed", status: 400 });
}

/** 400: two parsers could read the bytes differently. */
export function ambiguous(what: string): Http1Error {
  return new Http1Error(`Cannot read message: ${what}`, { code: "ambiguous", status: 400 });
}

/** 408, 414, 431 or 413: a named limit is exceeded. */
export function overLimit(what: string, status: number): Http1Error {
  return new Http1Error(`Cannot read message: ${what}`, { code: "limit", status });
}

/** 501 or 505: valid, and not supported. */
export function unsupported(what: string, status: number): Http1Error {
  return new Http1Error(`Cannot read message: ${what}`, { code: "unsupported", status });
}
