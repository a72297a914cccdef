// A PostgreSQL server of one's own: in a temporary folder, on a Unix socket there, gone with the process that started it.
//
//     node scripts/postgres.cjs COMMAND …      runs a command with NODE_MLS_POSTGRES, the server's connection string
'use strict'

const { spawn, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { Failure, capture, run } = require('./process.cjs')

const port = '5432'

/** binaries gives the folder of the newest server, or undefined. @returns {string | undefined} */
function binaries() {
  const folders = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'].flatMap((base) => {
    if (!fs.existsSync(base)) return []
    const number = (/** @type {string} */ name) => Number(/(?:^|@)(\d+)$/.exec(name)?.[1] ?? 0)
    return fs.readdirSync(base).filter((name) => number(name) >= 12).sort((a, b) => number(b) - number(a))
      .map((name) => path.join(base, name, 'bin'))
  })
  return [...folders, '/usr/bin'].find((folder) => fs.existsSync(path.join(folder, 'initdb')))
}

/** ids gives the user that the server runs as, since it refuses to be root. */
function ids() {
  if (process.getuid?.() !== 0) return {}
  const id = (/** @type {string} */ flag) => Number(capture('id', [flag, 'postgres']).out)
  return { uid: id('-u'), gid: id('-g') }
}

/** What a sanitizer puts before our own processes is not for the server's, which hang under it. */
const { LD_PRELOAD: _preload, ...environment } = process.env

// When the pipe to its parent closes, by whatever end of the parent, the server stops and its folder goes. It stops at once: what it
// would still write, and sync, which took more than half a minute on a busy disk, goes with the folder.
const guard = '"$@" & server=$!; cat >/dev/null; kill -QUIT $server; wait $server; cd /; rm -rf "$NODE_MLS_FOLDER"'

/**
 * Server: where it is, and how it ends. `folder` has its data in `data`; `url` is for pg.
 * @typedef {{ folder: string, url: string, stop: () => Promise<void> }} Server
 */

/**
 * startPostgres starts a server with an empty database.
 * @param {{ settings?: Record<string, string> }} [options] settings of postgresql.conf
 * @returns {Promise<Server>}
 */
async function startPostgres({ settings = {} } = {}) {
  const bin = binaries()
  if (!bin) throw new Failure('PostgreSQL is missing: node scripts/setup.cjs stores')
  const user = ids()
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-mls-pg-'))
  if (user.uid !== undefined) fs.chownSync(folder, user.uid, user.gid)
  const data = path.join(folder, 'data')
  const words = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync']
  const made = spawnSync(path.join(bin, 'initdb'), words, { ...user, cwd: folder, env: environment, encoding: 'utf8' })
  if (made.status !== 0) throw new Failure(`initdb: ${made.stderr}`)
  const all = { listen_addresses: '', unix_socket_directories: folder, port, max_connections: '200', ...settings }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn('/bin/sh', ['-c', guard, 'sh', path.join(bin, 'postgres'), '-D', data, ...flags], {
    ...user, cwd: folder, detached: true, env: { ...environment, NODE_MLS_FOLDER: folder }, stdio: ['pipe', 'ignore', fs.openSync(path.join(folder, 'log'), 'w')],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const stop = async () => {
    child.stdin?.end()
    await ended
  }
  for (let tries = 0; tries < 200; tries += 1) {
    const asked = spawnSync(path.join(bin, 'pg_isready'), ['-q', '-h', folder, '-p', port], { env: environment, timeout: 10_000 })
    if (asked.status === 0) {
      return { folder, url: `postgres://postgres@/postgres?host=${encodeURIComponent(folder)}&port=${port}`, stop }
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const log = fs.readFileSync(path.join(folder, 'log'), 'utf8')
  await stop()
  throw new Failure(`the server did not start:\n${log}`)
}

module.exports = { binaries, startPostgres }

if (require.main === module) {
  const [command = 'true', ...args] = process.argv.slice(2)
  void startPostgres().then(async ({ url, stop }) => {
    try {
      run(command, args, { env: { ...process.env, NODE_MLS_POSTGRES: url } })
    } finally {
      await stop()
    }
  }).catch((error) => {
    if (!(error instanceof Failure)) throw error
    console.error(error.message)
    process.exitCode = 1
  })
}
