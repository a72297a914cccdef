import path from 'node:path'
import type { Handover } from '../../examples/group-server/after-restart'
import { Progress } from '../../examples/group-server/progress'
import { RestartError, restart } from '../../examples/group-server/restart'
import { Stages } from '../../examples/group-server/stages'

const program = path.join(__dirname, 'support', 'new-process.cjs')
const handover: Omit<Handover, 'place'> = {
  known: [],
  live: [],
  groupId: new Uint8Array(32),
  authenticator: '',
  counts: { received: 0, messageBytes: 0, commitBytes: 0, welcomeBytes: 0, mismatches: [] },
  messages: [],
}
const restarted = (file: string, silence?: number) =>
  restart(program, { ...handover, place: { kind: 'sqlite', file } }, new Stages(new Progress({ write: () => {} })), silence)

test('a report of a process that ends well', async () => {
  await expect(restarted('report')).resolves.toEqual({})
})

test.each([
  ['silence', 'the new process said nothing for 2 s'],
  ['nothing', 'the new process ended without a report'],
  ['failure after the report', 'the new process ended with exit status 3'],
])('%s is an error', async (part, message) => {
  const failed = restarted(part, 2000)
  await expect(failed).rejects.toThrow(RestartError)
  await expect(failed).rejects.toThrow(message)
})
