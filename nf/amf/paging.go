package amf

import (
	"context"
	"errors"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// PagingArea is where one attempt to page a UE goes, TS 23.501 §5.4.3.1.
type PagingArea uint8

// The areas, each within the next.
const (
	PageLastNode         PagingArea = iota // the gNB where the UE was last, and those that it recommended
	PageTrackingArea                       // where the UE was last
	PageRegistrationArea                   // everywhere that the UE may be without telling
)

// lastSeen is where a UE was when it was connected last.
type lastSeen struct {
	node  string // global RAN node identity
	tai   ident.TAI
	cells ngap.RecommendedCellList         // that the gNB recommended, TS 38.413 §9.3.1.71
	nodes ngap.RecommendedRANNodeList      // TS 38.413 §9.3.1.101
	radio *ngap.UERadioCapabilityForPaging // TS 38.413 §9.3.1.68
}

// remember notes where a connected UE is. It runs after whatever was done for the UE.
func (ue *ue) remember() {
	if c := ue.conn; c != nil && (ue.last.node != c.gnb.identity() || ue.last.tai != ue.tai) {
		ue.last = &lastSeen{node: c.gnb.identity(), tai: ue.tai, radio: ue.last.radio}
	}
}

// recommended takes what a gNB says of where the UE will be, TS 38.413 §8.3.3.2.
func (ue *ue) recommended(info *ngap.InfoOnRecommendedCellsAndRANNodesForPaging) {
	if info != nil {
		last := *ue.last
		last.cells = slices.Clone(info.RecommendedCellsForPaging.RecommendedCellList)
		last.nodes = slices.Clone(info.RecommendRANNodesForPaging.RecommendedRANNodeList)
		ue.last = &last
	}
}

// errNobodyPages says that no gNB serves where the UE may be.
var errNobodyPages = errors.New("no gNB is connected where the UE may be")

// page is the network triggered service request up to the UE's answer, TS 23.502 §4.2.3.3 steps 4 and 6, and
// TS 24.501 §5.6.2. What else is to be sent meanwhile waits for the same answer.
func (ue *ue) page(ctx context.Context) {
	if !ue.pageable() {
		ue.log().Info("UE not paged: it is late with its registration, or in MICO mode")
		ue.giveUpWaiting(ctx, namf.UENotResponding)
		return
	}
	ue.running = paging
	areas := ue.amf.cfg.Paging.Areas
	timer := T3513
	timer.Duration, timer.Retries = ue.amf.cfg.Paging.T3513, len(areas)-1
	next, tries := 0, 0
	answer, err := procedure.AskFor(ctx, ue, timer, func() error {
		for ; next < len(areas); next++ {
			if ue.pageIn(next, tries+1) > 0 {
				next, tries = next+1, tries+1
				return nil
			}
		}
		if tries == 0 {
			return errNobodyPages
		}
		return procedure.ErrNoAnswer
	}, func(m any) bool {
		if elsewhere, ok := m.(*contextTransfer); ok {
			return elsewhere.verified
		}
		init, ok := m.(*initialMessage)
		return ok && init.verified && !init.elsewhere || ue.resumes(m) // anybody may claim to be the UE
	})
	ue.running = idle
	if elsewhere, ok := answer.(*contextTransfer); ok && err == nil { // it answers at another AMF, which brings it what waits
		ue.transferContext(ctx, elsewhere)
		return
	}
	if err != nil {
		ue.log().Warn("UE does not answer paging", "reason", err)
		if !errors.Is(err, procedure.ErrSuperseded) { // else what comes next decides
			ue.giveUpWaiting(ctx, namf.UENotResponding) // TS 24.501 §5.6.2.2.2
		}
		return
	}
	if ue.comeBack(ctx, answer) {
		ue.reallocateGUTI(ctx)
	}
	ue.giveUpWaiting(ctx, namf.FailureCauseUnspecified) // what the procedure did not bring over
}

// pageIn makes the try-th attempt, in the n-th of the areas, and tells how many gNBs were asked, TS 38.413 §8.5.1.
func (ue *ue) pageIn(n, try int) (asked int) {
	area := ue.amf.cfg.Paging.Areas[n]
	tais := ue.registrationArea()
	if area != PageRegistrationArea {
		tais = []ident.TAI{ue.tai}
	}
	message := ue.pagingMessage(tais[:min(len(tais), 16)], n, try)
	ue.amf.eachGNB(func(g *gnb) {
		if !g.isReady() || !g.servesAny(tais) && !ue.recommends(g) || area == PageLastNode && g.identity() != ue.last.node && !ue.recommends(g) {
			return
		}
		g.send(nil, message)
		asked++
	})
	return asked
}

// recommends tells whether the last gNB recommended another for paging, TS 38.413 §9.3.1.101.
func (ue *ue) recommends(g *gnb) bool {
	return slices.ContainsFunc(ue.last.nodes, func(n ngap.RecommendedRANNodeItem) bool {
		id, tai := n.AMFPagingTarget.GlobalRANNodeID, n.AMFPagingTarget.TAI
		return id != nil && id.String() == g.identity() || tai != nil && g.servesAny([]ident.TAI{tai.Ident()})
	})
}

// pagingMessage is PAGING with what helps the gNB: when the UE listens, with what radio, in which cells, how important it
// is and how often it was tried before, TS 38.413 §9.2.4.1.
func (ue *ue) pagingMessage(tais []ident.TAI, n, try int) *ngap.Paging {
	id := ngap.NewFiveGSTMSI(ue.guti.STMSI())
	m := &ngap.Paging{
		UEPagingIdentity:           ngap.UEPagingIdentity{FiveGSTMSI: &id},
		UERadioCapabilityForPaging: ue.last.radio,
		PagingPriority:             ue.pagingPriority(),
	}
	for _, t := range tais {
		m.TAIListForPaging = append(m.TAIListForPaging, ngap.TAIListForPagingItem{TAI: ngap.NewTAI(t)})
	}
	ue.pagingDRX(m)
	areas := ue.amf.cfg.Paging.Areas
	info := &ngap.PagingAttemptInformation{
		PagingAttemptCount:             ngap.PagingAttemptCount(try),
		IntendedNumberOfPagingAttempts: ngap.IntendedNumberOfPagingAttempts(len(areas)),
	}
	if n+1 < len(areas) {
		next := ngap.NextPagingAreaScopeSame
		if areas[n+1] != areas[n] {
			next = ngap.NextPagingAreaScopeChanged
		}
		info.NextPagingAreaScope = &next
	}
	m.AssistanceDataForPaging = &ngap.AssistanceDataForPaging{PagingAttemptInformation: info}
	if len(ue.last.cells) > 0 {
		m.AssistanceDataForPaging.AssistanceDataForRecommendedCells = &ngap.AssistanceDataForRecommendedCells{
			RecommendedCellsForPaging: ngap.RecommendedCellsForPaging{RecommendedCellList: ue.last.cells},
		}
	}
	return m
}

// pagingPriority is that of the most important transfer that waits, if the operator lets any have one, TS 23.501 §5.4.3.3.
func (ue *ue) pagingPriority() *ngap.PagingPriority {
	best := uint8(0)
	for _, t := range ue.waiting {
		if t.ARP != 0 && (best == 0 || t.ARP < best) {
			best = t.ARP
		}
	}
	if best == 0 || best > ue.amf.cfg.Paging.PriorityARP {
		return nil
	}
	p := ngap.PagingPriority(best - 1)
	return &p
}
