import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { createServer, type Server } from 'node:https'
import { invalid, SlipwayError } from '../../base/errors.js'
import { HTTP_OPTIONS } from '../http/server.js'

/** Files of a server whose clients have to show a certificate. */
export interface TlsFiles {
  /** Of the authority that has signed the certificates of clients. */
  ca: string
  cert: string
  key: string
}

/** Reads the files, and checks that they go together. @throws {SlipwayError} `INVALID_ARGUMENT`, `NOT_FOUND` */
export function readTls(files: TlsFiles): SecureContextOptions {
  const options: SecureContextOptions = {
    ca: read('--tlscacert', files.ca),
    cert: read('--tlscert', files.cert),
    key: read('--tlskey', files.key),
    minVersion: 'TLSv1.2',
  }
  try {
    createSecureContext(options)
  } catch (error) {
    throw invalid(
      `The files of TLS do not go together, or one is none (${(error as Error).message}): --tlscacert ${files.ca}, --tlscert ${files.cert}, --tlskey ${files.key}.`,
    )
  }
  return options
}

/** A server that talks to nobody without a certificate of the authority. */
export const tlsServer = (options: SecureContextOptions): Server =>
  createServer({ ...HTTP_OPTIONS, ...options, requestCert: true, rejectUnauthorized: true })

function read(flag: string, path: string): string {
  const text = readText(flag, path)
  // OpenSSL would take an empty one for none that was given.
  if (!text.includes('-----BEGIN ')) throw invalid(`${flag} ${path} is no file of PEM: nothing begins in it.`)
  return text
}

function readText(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new SlipwayError(
      'NOT_FOUND',
      `${flag} ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}).`,
    )
  }
}
