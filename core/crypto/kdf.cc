#include "crypto/kdf.h"

#include "base/check.h"
#include "base/counters.h"
#include "crypto/hkdf.h"

namespace mls {

Result<Digest> Hash(const Suite& suite, std::initializer_list<View> parts) {
  ++Count().hashes;
  Digest digest(suite.Nh);
  Hasher hasher(suite.kdf);
  for (View part : parts) hasher.Update(part);
  MLS_DO(hasher.Finish(digest.span()));
  return digest;
}

Result<Digest> Mac(const Suite& suite, View key, std::initializer_list<View> parts) {
  ++Count().macs;
  Digest digest(suite.Nh);
  MLS_DO(Hmac(suite.kdf, key, parts, digest.span()));
  return digest;
}

Result<Secret> Extract(const Suite& suite, View salt, View ikm) {
  return HkdfExtract(suite.kdf, salt, {ikm});
}

Result<Secret> Expand(const Suite& suite, View prk, View info, std::size_t length) {
  ++Count().expands;
  return HkdfExpand(suite.kdf, prk, {info}, length);
}

}  // namespace mls
