// Loading: what the package says of itself before any client is opened.
import { MlsError, defaultLimits, isMlsError, opensslVersion, suites, threads } from '../../lib'
import { errorOf } from '../../lib/errors'
import { native } from '../../lib/native'

test('the addon brings a libcrypto of its own', () => {
  expect(opensslVersion).toMatch(/^OpenSSL 3\./)
})

test('suites are those of RFC 9420 §17.1', () => {
  expect(suites.map(({ id }) => id)).toEqual(expect.arrayContaining([1, 2, 3]))
  expect(suites.find(({ id }) => id === 1)?.name).toBe('MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519')
})

test('limits have names and defaults', () => {
  expect(defaultLimits['maxForwardSteps']).toBe(1024)
})

test('the pool has at least one thread', () => {
  expect(threads()).toBeGreaterThan(0)
})

test('lib and the addon have the same list of errors', () => {
  for (const [number, name, fault, section] of native.errors) {
    expect(errorOf(number)).toMatchObject({ code: name, fault, section, number })
  }
  expect(native.errors.length).toBeGreaterThan(70)
})

test('an error names its code and holds no data', () => {
  const error = new MlsError('WRONG_EPOCH')
  expect(error).toMatchObject({ name: 'MlsError', fault: 'stale', section: '12.4.2', number: 400 })
  expect(error.message).toBe('WRONG_EPOCH (RFC 9420 §12.4.2)')
  expect(isMlsError(error, 'WRONG_EPOCH', 'CLOSED')).toBe(true)
  expect(isMlsError(error, 'CLOSED')).toBe(false)
  expect(isMlsError(new Error('WRONG_EPOCH'))).toBe(false)
})
