// The vector files: official MLS and Wycheproof ones under NODE_MLS_VECTORS, our own under test/vectors.
//
// A file is known by the start of its name; files in folders named wycheproof* are Wycheproof.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { Failure, root } = require('./process.cjs')

const officialKinds = [
  'crypto-basics', 'deserialization', 'key-schedule', 'message-protection', 'messages',
  'passive-client-handling-commit', 'passive-client-random', 'passive-client-welcome', 'psk_secret', 'secret-tree',
  'transcript-hashes', 'tree-math', 'tree-operations', 'tree-validation', 'treekem', 'welcome',
]

const wycheproofKinds = [
  'aes_gcm_test', 'chacha20_poly1305_test', 'ecdh_secp256r1_ecpoint_test', 'ecdh_secp384r1_ecpoint_test',
  'ecdh_secp521r1_ecpoint_test', 'ecdsa_secp256r1_sha256_test', 'ecdsa_secp384r1_sha384_test',
  'ecdsa_secp521r1_sha512_test', 'ed25519_test', 'ed448_test', 'hkdf_sha256_test', 'hkdf_sha384_test',
  'hkdf_sha512_test', 'hmac_sha256_test', 'hmac_sha384_test', 'hmac_sha512_test', 'x25519_test', 'x448_test',
]

/** @typedef {Map<string, string[]>} Found files by kind */

/** vectorsFolder gives the folder that NODE_MLS_VECTORS names, or undefined when it is not set. */
function vectorsFolder() {
  const named = process.env.NODE_MLS_VECTORS
  if (!named) return undefined
  const folder = path.resolve(root, named)
  if (!fs.existsSync(folder)) throw new Failure(`NODE_MLS_VECTORS names ${named}, which is not there`)
  return folder
}

/** @param {string} folder @returns {string[]} */
function jsonFiles(folder) {
  if (!fs.existsSync(folder)) return []
  return fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json')).map((file) => path.join(folder, file))
}

/** @param {string[]} files @param {string[]} kinds @returns {Found} */
function byKind(files, kinds) {
  const found = new Map()
  for (const file of files) {
    const stem = path.basename(file, '.json')
    const kind = kinds.find((name) => stem === name || stem.startsWith(`${name}.`) || stem.startsWith(`${name}_`))
    if (kind) found.set(kind, [...(found.get(kind) ?? []), file])
  }
  return found
}

/** findVectors looks for all sets. */
function findVectors() {
  const folder = vectorsFolder()
  const all = folder ? jsonFiles(folder) : []
  /** @param {string} file */
  const isWycheproof = (file) => path.basename(path.dirname(file)).startsWith('wycheproof')
  return {
    folder,
    official: byKind(all.filter((file) => !isWycheproof(file)), officialKinds),
    wycheproof: byKind(all.filter(isWycheproof), wycheproofKinds),
    own: byKind(jsonFiles(path.join(root, 'test', 'vectors')), officialKinds),
  }
}

/** describe says in one line which sets were found. @param {ReturnType<typeof findVectors>} found */
function describe({ folder, official, wycheproof, own }) {
  const sets = `official ${official.size} of ${officialKinds.length} kinds, ` +
    `wycheproof ${wycheproof.size} of ${wycheproofKinds.length} files`
  return `vectors: ${sets} (${folder ? `in ${folder}` : 'NODE_MLS_VECTORS is not set'}); ` +
    `own ${own.size} of ${officialKinds.length} kinds (in test/vectors)`
}

/** casesIn counts the cases in vector files. @param {string[]} files */
function casesIn(files) {
  return files.reduce((sum, file) => {
    const json = JSON.parse(fs.readFileSync(file, 'utf8'))
    return sum + (Array.isArray(json) ? json.length : Number(json.numberOfTests ?? 1))
  }, 0)
}

module.exports = { casesIn, describe, findVectors, officialKinds, wycheproofKinds }
