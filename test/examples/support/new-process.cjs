// A new process for test/examples/restart.test.ts that does not do its part; the handover's file says how.
'use strict'

const report = { kind: 'report', outcome: {}, stages: [] }

process.send?.({ kind: 'ready' })
process.once('message', ({ place }) => {
  switch (place.file) {
    case 'silence':
      return setInterval(() => {}, 1000)
    case 'nothing':
      return process.exit(0)
    case 'failure after the report':
      return process.send?.(report, () => process.exit(3))
    default:
      process.send?.(report, () => process.disconnect())
  }
})
