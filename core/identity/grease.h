// What this client cannot support (RFC 9420 §13.5): "representations of a client's own capabilities MUST NOT
// contain GREASE values". Its leaves list some, and so do those of others; what every member lists as GREASE,
// none supports. Nothing that others say of themselves is looked at for it.
#pragma once

#include <algorithm>

#include "identity/extension.h"

namespace mls {

// MayBeOurs: a type of extensions, proposals or credentials that this client can support.
template <class Type>
bool MayBeOurs(Type type) {
  const auto values = GreaseValues();
  return std::find(values.begin(), values.end(), static_cast<std::uint16_t>(type)) == values.end();
}

// MayBeOurs of a list: each type in it.
inline bool MayBeOurs(const Extensions& extensions) {
  return std::all_of(extensions.begin(), extensions.end(),
                     [](const Extension& one) { return MayBeOurs(one.extension_type); });
}
inline bool MayBeOurs(const RequiredCapabilities& required) {
  const auto ours = [](auto type) { return MayBeOurs(type); };
  return std::all_of(required.extension_types.begin(), required.extension_types.end(), ours) &&
         std::all_of(required.proposal_types.begin(), required.proposal_types.end(), ours) &&
         std::all_of(required.credential_types.begin(), required.credential_types.end(), ours);
}

}  // namespace mls
