// Processes of the tests: children whose lines are read, and that are killed.
import { spawn, type ChildProcess } from 'node:child_process'
import path from 'node:path'
import readline from 'node:readline'

/** Child: a process, the lines that it said, and its end. */
export interface Child {
  readonly process: ChildProcess
  readonly lines: readonly string[]
  /** Resolves with the first line that comes, or rejects when it ends before. */
  readonly spoke: Promise<string>
  /** Resolves with the exit status, null after a kill; every line has been read by then. */
  readonly ended: Promise<number | null>
}

const children = new Set<ChildProcess>()
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
})

const program = path.join(__dirname, 'child.cjs')

/** startChild starts child.cjs in a role, behind `wrapper` if there is one. */
export function startChild(role: string, options: object, wrapper: readonly string[] = []): Child {
  const [command = '', ...args] = [...wrapper, process.execPath, program, role, JSON.stringify(options)]
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.add(child)
  child.once('exit', () => children.delete(child))
  const lines: string[] = []
  const reader = readline.createInterface({ input: child.stdout })
  const read = new Promise<void>((resolve) => reader.once('close', resolve))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const spoke = new Promise<string>((resolve, reject) => {
    reader.once('line', resolve)
    void read.then(() => reject(new Error(`${role} ended without a word`)))
  })
  spoke.catch(() => {})
  reader.on('line', (line) => lines.push(line))
  return { process: child, lines, spoke, ended: read.then(() => exited) }
}
