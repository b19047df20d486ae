package columns

import (
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// The columns that Guarantee reads, and the query of the sums that GuaranteeSum reads is SelectGuaranteeSums, to which a
// condition and GroupGuarantees are added.
const (
	Guarantees          = `seid, supi, pdu_session_id, node, dnn, sst, sd, upf, uplink, downlink`
	SelectGuaranteeSums = `SELECT dnn, sst, sd, upf, CAST(sum(uplink) AS BIGINT), CAST(sum(downlink) AS BIGINT) FROM guarantee `
	GroupGuarantees     = `GROUP BY dnn, sst, sd, upf`
)

// Guarantee is where the columns of a guarantee go, and what is to be done once they are filled.
func Guarantee(g *store.Guarantee) ([]any, func() error) {
	var supi, node string
	var seid, id int64
	var sum store.GuaranteeSum
	rest, finish := GuaranteeSum(&sum)
	return append([]any{&seid, &supi, &id, &node}, rest...), func() error {
		err := finish()
		*g = store.Guarantee{SEID: uint64(seid), SUPI: ident.SUPI(supi), PDUSessionID: uint8(id), Node: node, Place: sum.Place,
			Uplink: sum.Uplink, Downlink: sum.Downlink}
		return err
	}
}

// GuaranteeSum is where the columns of a sum go, and what is to be done once they are filled.
func GuaranteeSum(g *store.GuaranteeSum) ([]any, func() error) {
	var dnn, upf string
	var sst, sd, uplink, downlink int64
	return []any{&dnn, &sst, &sd, &upf, &uplink, &downlink}, func() error {
		*g = store.GuaranteeSum{Place: store.GuaranteePlace{DNN: ident.DNN(dnn), Slice: ident.SNSSAI{SST: uint8(sst), SD: uint32(sd)}, UPF: upf},
			Uplink: uint64(uplink), Downlink: uint64(downlink)}
		return nil
	}
}
