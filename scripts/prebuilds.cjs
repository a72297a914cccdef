// npm run prebuilds: the addon of this platform as prebuilds/<platform>-<arch>/, loaded from there and tried.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { Failure, capture, main, root, run } = require('./process.cjs')
const { setup } = require('./setup.cjs')

/** What a user's process does first: load it, make a key package, and say which libcrypto that took. */
const trial = `
  const native = require('node-gyp-build')(process.argv[1])
  const client = new native.Client({ scope: Buffer.from('c'), sealingKey: new Uint8Array(32) })
  const credential = { type: 'basic', identity: Buffer.from('a') }
  client.addSigner({ suite: 1, credential, extensionTypes: [], proposalTypes: [], credentialTypes: [], leafExtensions: [],
    signaturePrivateKey: null }, []).then(() => console.log(native.opensslVersion))`

main(() => {
  console.log('prebuilds checks its tools, builds the addon with cmake-js in build/cmake-js and tries the result.')
  setup('engine')
  run(process.execPath, [require.resolve('prebuildify/bin.js'), '--napi', '--tag-libc', '--strip', '--name', 'node-mls.napi',
    '--node-gyp', path.join(root, 'scripts', 'node-gyp-cmake-js.cjs')])
  const folder = path.join(root, 'prebuilds', `${process.platform}-${process.arch}`)
  const files = fs.readdirSync(folder)
  // Away from build/, which node-gyp-build would prefer.
  const copy = fs.mkdtempSync(path.join(require('node:os').tmpdir(), 'node-mls-'))
  try {
    fs.cpSync(folder, path.join(copy, 'prebuilds', path.basename(folder)), { recursive: true })
    const tried = capture(process.execPath, ['-e', trial, copy])
    if (!tried.ok) throw new Failure(`The prebuilt addon does not work: ${tried.out}`)
    console.log(`${path.relative(root, folder)}/${files.join(', ')}: works with ${tried.out.trim()}`)
  } finally {
    fs.rmSync(copy, { recursive: true })
  }
})
