/** A request that is refused with a status of HTTP. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

/** A request that cannot be meant as it is. */
export const badRequest = (message: string): HttpError => new HttpError(400, message)
