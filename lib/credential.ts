// Credentials (RFC 9420 §5.3), and who judges them: the application, batch by batch.
import { X509Certificate, type KeyObject } from 'node:crypto'
import { copyOf, copyOfText } from './bytes'
import { Options, readU16 } from './options'

/** Credential: who a member says it is (RFC 9420 §5.3). `certificates` are DER, end entity first. */
export type Credential =
  | { readonly type: 'basic'; readonly identity: Uint8Array }
  | { readonly type: 'x509'; readonly certificates: readonly Uint8Array[] }
  | { readonly type: 'other'; readonly credentialType: number; readonly data: Uint8Array }

/** CredentialQuestion: one credential that is new in the group and is to be judged (RFC 9420 §5.3.1). */
export interface CredentialQuestion {
  /** A member to be, the successor of a member's credential, or a sender from outside the group. */
  readonly role: 'member' | 'successor' | 'external-sender'
  /** A leaf index, 0 for a key package that is being added; with role `external-sender` an index in `external_senders`. */
  readonly index: number
  readonly credential: Credential
  readonly signatureKey: Uint8Array
  /** With role `successor`, the credential that is replaced. */
  readonly former: Credential | null
}

/**
 * Verdict on one credential: `true` or `accept`; `false` or `reject` (`CREDENTIAL_REJECTED`); `reject-succession`
 * (valid, but nobody's successor: `CREDENTIAL_SUCCESSION`); `reject-policy` (valid, but not here: `POLICY`);
 * `no-answer` (`AS_FAILED`).
 */
export type Verdict = boolean | 'accept' | 'reject' | 'reject-succession' | 'reject-policy' | 'no-answer'

/**
 * Authenticate judges a batch of at most 1,024 credentials: one verdict each, in their order (RFC 9420 §5.3.1).
 *
 * It may take its time. While it does, the group takes no other step, so calling back into that group is an error
 * (`REENTRANT`). When it throws, the step fails with `AS_FAILED`; when it does not settle within `answerTimeout`,
 * with `ANSWER_TIMEOUT`. Either way the group is as it was, and the step may be tried again.
 *
 * @example
 * const authenticate: Authenticate = async (batch) => {
 *   const known = await directory.keysOf(batch.map((one) => one.credential))
 *   return batch.map((one, i) => known[i]?.includes(Buffer.from(one.signatureKey).toString('hex')) ?? false)
 * }
 */
export type Authenticate = (
  batch: readonly CredentialQuestion[],
) => readonly Verdict[] | PromiseLike<readonly Verdict[]>

/**
 * trustAnyCredential accepts every credential unseen.
 *
 * What is lost: nobody checks that a signature key belongs to who it names. Whoever can hand a key package to a
 * member who adds it, the delivery service before all, joins under any name, and members cannot tell. Messages are
 * still encrypted to exactly the members that the tree shows. For tests, and where names mean nothing.
 */
export const trustAnyCredential: Authenticate = (batch) => batch.map(() => true)

/** X509Options: what certificates are trusted, and when. */
export interface X509Options {
  /** Trust anchors: certificates, each DER bytes or PEM text. At least one. */
  readonly anchors: readonly (Uint8Array | string)[]
  /** Seconds since 1970; default: the clock. */
  readonly clock?: () => number
  /** A last word on a chain that holds, e.g. which names may be members. */
  readonly permit?: (chain: readonly X509Certificate[], question: CredentialQuestion) => boolean | Promise<boolean>
}

/** sameSubject: a chain follows another when the end entity has the same subject. */
const sameSubject = (former: Credential, leaf: X509Certificate): boolean => {
  const [end] = former.type === 'x509' ? former.certificates : []
  return end !== undefined && new X509Certificate(end).subject === leaf.subject
}

const holds = (certificate: X509Certificate, now: number): boolean =>
  Date.parse(certificate.validFrom) <= now * 1000 && now * 1000 <= Date.parse(certificate.validTo)

/** issued: `issuer` may issue, and signed `subject`. */
const issued = (issuer: X509Certificate, subject: X509Certificate): boolean =>
  issuer.ca && subject.checkIssued(issuer) && subject.verify(issuer.publicKey)

/** keyBytes: the public key as it stands in a LeafNode (RFC 9420 §5.1.1): a point, or the raw bytes. */
function keyBytes(key: KeyObject): Uint8Array {
  const jwk = key.export({ format: 'jwk' })
  const x = Buffer.from(jwk.x ?? '', 'base64url')
  if (jwk.kty !== 'EC') return x
  return Buffer.concat([Buffer.from([4]), x, Buffer.from(jwk.y ?? '', 'base64url')])
}

/**
 * x509Authenticator judges chains of X.509 certificates by trust anchors (RFC 9420 §5.3.3): every certificate holds
 * now, each was issued by the next, which is a CA, the last by an anchor (or is one), and the end entity's key is the
 * leaf's. A successor must have the subject of the credential it replaces. Other credentials are rejected. There is no
 * revocation and there are no name constraints: `permit` is where an application adds what it needs.
 *
 * @throws TypeError when there is no anchor, or one that is no certificate.
 * @example
 * const authenticate = x509Authenticator({ anchors: [readFileSync('ca.pem', 'utf8')] })
 */
export function x509Authenticator(options: X509Options): Authenticate {
  const anchors = options.anchors.map((anchor, i) => {
    try {
      return new X509Certificate(anchor)
    } catch (cause) {
      throw new TypeError(`options.anchors[${i}] is not a certificate`, { cause })
    }
  })
  if (anchors.length === 0) throw new TypeError('options.anchors must hold a certificate')
  const clock = options.clock ?? (() => Date.now() / 1000)

  const judge = async (question: CredentialQuestion): Promise<Verdict> => {
    if (question.credential.type !== 'x509') return 'reject'
    let chain: X509Certificate[]
    try {
      chain = question.credential.certificates.map((der) => new X509Certificate(der))
    } catch {
      return 'reject'
    }
    const [leaf] = chain
    const last = chain.at(-1)
    const now = clock()
    if (!leaf || !last || !chain.every((one) => holds(one, now))) return 'reject'
    if (!chain.slice(1).every((issuer, i) => issued(issuer, chain[i] as X509Certificate))) return 'reject'
    const anchored = anchors.some((anchor) => holds(anchor, now) &&
      (anchor.fingerprint256 === last.fingerprint256 || issued(anchor, last)))
    if (!anchored) return 'reject'
    if (Buffer.compare(keyBytes(leaf.publicKey), question.signatureKey) !== 0) return 'reject'
    if (question.former && !sameSubject(question.former, leaf)) return 'reject-succession'
    if (options.permit && !(await options.permit(chain, question))) return 'reject-policy'
    return 'accept'
  }
  return (batch) => Promise.all(batch.map(judge))
}

/** readCredential reads a credential option. @throws TypeError @throws RangeError */
export function readCredential(what: string, value: unknown): Credential {
  const options = new Options(what, value ?? null, ['type', 'identity', 'certificates', 'credentialType', 'data'])
  if (options.get('type') === undefined) throw new TypeError(`${what}.type must be 'basic', 'x509' or 'other'`)
  const type = options.oneOf('type', 'basic', ['basic', 'x509', 'other'])
  if (type === 'basic') return { type, identity: copyOfText(options.name('identity'), options.get('identity')) }
  if (type === 'x509') {
    const certificates = options.list('certificates', copyOf)
    if (certificates.length === 0) throw new TypeError(`${what}.certificates must hold the end entity's certificate`)
    return { type, certificates }
  }
  const credentialType = readU16(options.name('credentialType'), options.get('credentialType'))
  return { type, credentialType, data: copyOf(options.name('data'), options.get('data')) }
}
