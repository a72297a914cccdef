// ApiFloors: the floors of the operations that the bench of the JavaScript API measures (bench/api), in
// groups as it makes them: suite 3, encrypted handshakes, a tree in which nobody but the committer has
// committed.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mls::bench {

// WriteApiFloors measures them for each size, on one thread or, where an operation is shared out, on
// `threads`, and writes rows of row, members, threads and seconds as JSON. It gives false when the file
// cannot be written.
bool WriteApiFloors(const std::string& path, const std::vector<std::size_t>& members, std::size_t threads);

}  // namespace mls::bench
