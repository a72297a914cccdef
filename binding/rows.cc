#include "rows.h"

namespace mls::binding {

Result<Bytes> PackBatch(const Sealer* sealer, const Batch& batch) {
  SystemRandom random;
  return PackRows(sealer, batch, random);
}

Result<Bytes> PackBatch(SealedRows& rows, const Batch& batch) {
  SystemRandom random;
  return rows.Pack(batch, random);
}

}  // namespace mls::binding
