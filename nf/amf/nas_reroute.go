package amf

import (
	"context"
	"errors"
	"fmt"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nnssf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// errRerouted ends a registration that another AMF goes on with.
var errRerouted = errors.New("the registration goes to another AMF set")

// reroute gives a registration to another AMF set where that has the UE's slices and this AMF has none of them, TS 23.502
// §4.2.2.2.3 steps 2 to 7 (B). The request goes as the UE has sent it, so this can be done only as long as the UE has
// heard nothing protected on the connection: the other AMF begins with an authentication of its own.
func (ue *ue) reroute(ctx context.Context, m *initialMessage, supi ident.SUPI, requested []ident.SNSSAI) error {
	if !ue.amf.cfg.Reroute || m.n2 == nil || len(m.n2.AllowedNSSAI) > 0 || // it comes from another AMF set
		len(m.original) == 0 || ue.conn.contextSetUp {
		return nil
	}
	subscribed, err := ue.amf.services.SDM.AMData(ctx, supi, ue.tai.PLMN) // step 3
	if err != nil {
		return nil // whoever goes on finds out why
	}
	target, err := ue.targetSet(ctx, &subscribed.NSSAI, requested) // step 4
	if err != nil || target == nil {
		return err
	}
	message := *m.n2
	message.NASPDU = m.original
	octets, err := ngap.Append(nil, &message)
	if err != nil {
		return fmt.Errorf("INITIAL UE MESSAGE to reroute: %w", err)
	}
	conn := ue.conn
	ue.log().Info("registration rerouted", "set", target.Set, "slices", target.AllowedNSSAI)
	conn.gnb.send(conn, &ngap.RerouteNASRequest{ // step 7 (B), TS 38.413 §8.6.5
		RANUENGAPID: conn.ranID, AMFUENGAPID: &conn.amfID, NGAPMessage: octets,
		AMFSetID: ngap.AMFSetID(target.Set), AllowedNSSAI: toAllowedNSSAI(target.AllowedNSSAI),
	})
	conn.gnb.close(conn)
	ue.conn = nil
	return errRerouted
}

// leaveRerouted forgets a UE that goes on elsewhere. One that was registered here stays so until the other AMF tells the UDM.
func (ue *ue) leaveRerouted(ctx context.Context) {
	if !ue.registered {
		ue.forget(ctx, ngap.CauseNASNormalRelease)
		return
	}
	ue.deactivateSessions(ctx, "rerouted")
}

// targetSet asks the NSSF which AMF set has the UE's slices; nil: this one.
func (ue *ue) targetSet(ctx context.Context, subscribed *nudm.NSSAI, requested []ident.SNSSAI) (*nnssf.TargetAMFSet, error) {
	answer, err := ue.amf.services.Slices.ForRegistration(ctx, nnssf.SliceInfoForRegistration{
		TAI: ue.tai, SubscribedNSSAI: subscribed.All(), DefaultSubscribedNSSAI: subscribed.DefaultSingleNSSAIs,
		RequestedNSSAI: requested, RANSupportedNSSAI: ue.radioSlices(),
	})
	if err != nil {
		return nil, fmt.Errorf("slice selection: %w", err)
	}
	if t := answer.TargetAMFSet; t != nil && t.Set != ue.amf.cfg.GUAMI.Set {
		return t, nil
	}
	return nil, nil
}

// rerouteKnown is reroute for a UE that has shown that it holds the keys, and so what it requests.
func (ue *ue) rerouteKnown(ctx context.Context, m *initialMessage, r *gmm.RegistrationRequest) error {
	if !m.verified || r.RegistrationType.Value() == gmm.PeriodicRegistrationUpdate {
		return nil
	}
	return ue.reroute(ctx, m, ue.supi, r.RequestedNSSAI.Slices())
}
