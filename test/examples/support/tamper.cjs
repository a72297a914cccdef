// Loaded into the group server (NODE_OPTIONS=--require) to do what it must notice: NODE_MLS_TAMPER says what.
'use strict'

const isNew = process.argv.includes('--after-restart')
const [what, where] = (process.env.NODE_MLS_TAMPER ?? '').split(' ')

if (process.argv[1]?.endsWith('main.js') && (where === 'after') === isNew) {
  const { Client, Group } = require('../../../dist/index.js')
  const { open } = Client
  switch (what) {
    case 'text': {
      const { send } = Group.prototype
      Group.prototype.send = function (data, options) {
        return send.call(this, `${data}!`, options)
      }
      break
    }
    case 'authenticator':
      Object.defineProperty(Group.prototype, 'epochAuthenticator', { get: () => new Uint8Array(32) })
      break
    case 'kill':
      Client.open = async (options) => {
        const client = await open.call(Client, options)
        process.kill(process.pid, 'SIGKILL')
        return client
      }
      break
    case 'quit':
      Client.open = () => process.exit(0)
      break
    case 'fail':
      Client.prototype.group = () => Promise.reject(new Error('no such state'))
      break
    default:
      throw new Error(`no tampering is called ${what}`)
  }
}
