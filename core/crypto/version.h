// Which libcrypto this is: the one that was linked, not the one of the host program.
#pragma once

#include <string>
#include <string_view>

namespace mls {

// LibcryptoVersion gives its name, number and date, such as "OpenSSL 3.0.19 27 Jan 2026".
std::string_view LibcryptoVersion();
// LibcryptoBuild gives when and for which folder it was built; two builds of one version differ in it.
std::string LibcryptoBuild();

}  // namespace mls
