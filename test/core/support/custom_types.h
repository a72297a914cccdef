// A proposal and an extension of the range for private use (RFC 9420 §17.3, §17.4).
#pragma once

#include "message/proposal.h"

namespace mls::test {

inline constexpr ProposalType kCustom{0xF123};
inline constexpr ExtensionType kCustomExtension{0xF456};

}  // namespace mls::test
