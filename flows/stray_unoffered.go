package flows

import (
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/aper"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// strayUnoffered is a message of a procedure that the core does not offer.
func strayUnoffered(name string, tai ident.TAI) ngap.Message {
	plmn := ngap.PLMNIdentity(tai.PLMN)
	id := ngap.GlobalRANNodeID{GlobalGNBID: &ngap.GlobalGNBID{PLMNIdentity: plmn, GNBID: ngap.GNBID{GNBID: aper.BitString{Bytes: []byte{0, 0, 0, 1}, Len: 32}}}}
	cells := ngap.NRCGIList{{PLMNIdentity: plmn, NRCellIdentity: 16}}
	switch name {
	case "PWSRestartIndication":
		return &ngap.PWSRestartIndication{CellIDListForRestart: ngap.CellIDListForRestart{NRCGIListforRestart: cells}, GlobalRANNodeID: id,
			TAIListForRestart: ngap.TAIListForRestart{ngap.NewTAI(tai)}}
	case "PWSFailureIndication":
		return &ngap.PWSFailureIndication{PWSFailedCellIDList: ngap.PWSFailedCellIDList{NRCGIPWSFailedList: cells}, GlobalRANNodeID: id}
	case "UplinkNonUEAssociatedNRPPaTransport":
		return &ngap.UplinkNonUEAssociatedNRPPaTransport{RoutingID: ngap.RoutingID{1}, NRPPaPDU: ngap.NRPPaPDU{0}}
	}
	return nil
}
