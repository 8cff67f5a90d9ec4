// Checks whether the port is free before anything is started.
import { createServer } from 'node:net'
import { authority } from '#shared/authority.ts'
import { StartError, systemCode } from './start-error.ts'

/** Throws StartError when the port is taken or not allowed. Port 0 is always free. */
export async function checkPort(host: string, port: number): Promise<void> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port, exclusive: true }, resolve)
    })
  } catch (error) {
    throw portError(host, port, error)
  }
  await new Promise((resolve) => server.close(resolve))
}

/** The sentence for a failed `listen`. */
export function portError(host: string, port: number, error: unknown): StartError {
  const code = systemCode(error)
  if (code === 'EADDRINUSE') {
    return new StartError(
      `PORT ${port} is busy: end what listens on ${authority(host, port)}, or choose another, for example ` +
        `PORT=${port < 65_000 ? port + 1 : 8080} npm start.`,
      error,
    )
  }
  if (code === 'EACCES') {
    return new StartError(
      `PORT ${port} may not be used by this user; choose one above 1023, for example ` +
        'PORT=8080 npm start.',
      error,
    )
  }
  return new StartError(
    `HOST ${host} cannot be listened on (${code ?? 'unknown error'}); use an address of this ` +
      'machine, for example HOST=127.0.0.1 npm start.',
    error,
  )
}
