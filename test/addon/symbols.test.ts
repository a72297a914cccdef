// The addon carries its own libcrypto, hidden: node exports an OpenSSL of its own, on which a plainly linked addon runs
// without a word. The plain one is built here as the negative control.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const root = path.join(__dirname, '..', '..')
const addon = path.join(root, 'build', 'Release', 'node_mls.node')
const linux = process.platform === 'linux' ? describe : describe.skip

const run = (command: string, args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}
const symbols = (file: string, which: '--defined-only' | '--undefined-only'): string[] =>
  run('nm', ['-D', which, file]).split('\n').flatMap((line) => line.trim().split(/\s+/).slice(-1)).filter(Boolean)
    .map((name) => name.replace(/@.*/, ''))

/** The versions that an addon in a process of its own says it runs on. */
const versions = (file: string): { version: string; build: string; node: string } =>
  JSON.parse(run(process.execPath, ['-e', `
    const { opensslVersion: version, opensslBuild: build } = require(process.argv[1])
    console.log(JSON.stringify({ version, build, node: process.versions.openssl }))`, file]))

linux('symbols', () => {
  const plain = path.join(root, 'build', 'release', 'binding', 'node_mls_plain.node')

  beforeAll(() => {
    if (fs.existsSync(path.join(root, 'build', 'release', 'CMakeCache.txt'))) {
      run('cmake', ['--build', path.join(root, 'build', 'release'), '--target', 'node_mls_plain'])
    }
  }, 300_000)

  test('two symbols are exported and none of OpenSSL is imported', () => {
    expect(symbols(addon, '--defined-only').sort()).toEqual([
      'napi_register_module_v1', 'node_api_module_get_api_version_v1',
    ])
    const imported = symbols(addon, '--undefined-only')
    expect(imported.filter((name) => /^(EVP|OPENSSL|OSSL|CRYPTO|EC|BN|X509|RAND|ERR)_/.test(name))).toEqual([])
    expect(imported).toContain('napi_create_promise')
  })

  test('what it needs of the system is glibc alone', () => {
    const needed = [...run('readelf', ['-d', addon]).matchAll(/NEEDED.*\[(.*)\]/g)].map(([, name]) => name)
    expect(needed.filter((name) => !/^(libc|libm|libpthread|libdl|ld-linux.*)\.so/.test(name ?? ''))).toEqual([])
  })

  test('linked plainly it exports OpenSSL and runs on that of node: the check above can fail', () => {
    const exported = symbols(plain, '--defined-only').filter((name) => /^(EVP|OPENSSL)_/.test(name))
    expect(exported.length).toBeGreaterThan(100)
    const own = versions(addon)
    const control = versions(plain)
    expect(control.version).toContain(control.node)
    expect(`${own.version} ${own.build}`).not.toEqual(`${control.version} ${control.build}`)
  })
})
