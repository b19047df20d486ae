package amf

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// proof is what a successful authentication leaves: the SUPI that the home network vouches for, the new key, and with
// EAP-AKA' the EAP-Success that the UE waits for.
type proof struct {
	supi ident.SUPI
	kamf aka.KAMF
	eap  []byte
	// present says that the key is the present one, to be used with other algorithms: its counts go on.
	present bool
	// horizontal says that another AMF has derived the key from the one that the UE has: the UE is told to do the same.
	horizontal bool
	// initial says that the UE's initial message could not be checked: the UE sends it whole once more.
	initial bool
}

// authenticate runs the primary authentication for a SUCI or a SUPI, TS 33.501 §6.1.2: the home network chooses EAP-AKA'
// or 5G AKA, which is here, TS 33.501 §6.1.3.2 and TS 24.501 §5.4.1.3.
func (ue *ue) authenticate(ctx context.Context, identity string) (proof, error) {
	network, err := aka.NewServingNetwork(ue.conn.tai.PLMN.MCC(), ue.conn.tai.PLMN.MNC())
	if err != nil {
		return proof{}, err
	}
	info := nausf.AuthenticationInfo{SUPIOrSUCI: identity, ServingNetworkName: string(network)}
	var failed []gmm.Cause // of the challenges before
	for {
		started, err := ue.amf.services.Authentication.Authenticate(ctx, info)
		if err != nil {
			return proof{}, fmt.Errorf("authenticate: %w", err)
		}
		if started.AuthType == nausf.AuthTypeEAPAKAPrime {
			return ue.authenticateEAP(ctx, started)
		}
		answer, err := ue.challenge(ctx, started.Av5GAKA)
		if err != nil {
			return proof{}, err
		}
		switch answer := answer.(type) {
		case *gmm.AuthenticationResponse:
			return ue.confirm(ctx, started, answer)
		case *gmm.AuthenticationFailure:
			if slices.Contains(failed, answer.Cause) {
				return proof{}, fmt.Errorf("UE reports the same failure again (%w): %w", answer.Cause, errAuthentication)
			}
			failed = append(failed, answer.Cause)
			if info.ResynchronizationInfo, err = ue.authenticationFailed(answer, started.Av5GAKA.RAND); err != nil {
				return proof{}, err
			}
		}
	}
}

// challenge sends AUTHENTICATION REQUEST and waits under T3560, TS 24.501 §5.4.1.3.2.
func (ue *ue) challenge(ctx context.Context, av nausf.Av5GAKA) (any, error) {
	ue.nextKSI()
	rand, autn := [16]byte(av.RAND), [16]byte(av.AUTN)
	request := &gmm.AuthenticationRequest{
		NgKSI: gmm.KeySetIdentifier(ue.ngKSI), ABBA: aka.ABBAInitial(), RAND: &rand, AUTN: &autn,
	}
	return procedure.AskFor(ctx, ue, T3560, ue.sending(request), answersChallenge)
}

func answersChallenge(m any) bool {
	switch m.(type) {
	case *gmm.AuthenticationResponse, *gmm.AuthenticationFailure:
		return true
	}
	return false
}

// nextKSI chooses the name of the next key: not that of the present one.
func (ue *ue) nextKSI() {
	ue.ngKSI = (ue.ngKSI + 1) % uint8(gmm.NoKey)
	if ue.security.valid && ue.ngKSI == ue.security.ksi {
		ue.ngKSI = (ue.ngKSI + 1) % uint8(gmm.NoKey)
	}
}

// confirm checks RES* here (HXRES*, TS 33.501 §A.5) and at the home network.
func (ue *ue) confirm(ctx context.Context, started nausf.UEAuthenticationCtx, answer *gmm.AuthenticationResponse) (proof, error) {
	if answer.RES == nil {
		return proof{}, fmt.Errorf("no RES* in the response: %w", errAuthentication)
	}
	res := aka.RESStar(*answer.RES)
	if aka.NewHRESStar(&started.Av5GAKA.RAND, &res) != aka.HRESStar(started.Av5GAKA.HXRESStar) {
		_, _ = ue.amf.services.Authentication.Confirm5GAKA(ctx, started.AuthCtxID, nausf.ConfirmationData{}) // tell the home network of the failure
		return proof{}, fmt.Errorf("wrong RES*: %w", errAuthentication)
	}
	result, err := ue.amf.services.Authentication.Confirm5GAKA(ctx, started.AuthCtxID, nausf.ConfirmationData{RESStar: answer.RES})
	if err != nil {
		return proof{}, fmt.Errorf("confirm authentication: %w", err)
	}
	if result.AuthResult != nausf.AuthenticationSuccess {
		return proof{}, fmt.Errorf("the home network refused RES*: %w", errAuthentication)
	}
	return proof{supi: result.SUPI, kamf: result.KSEAF.KAMF(result.SUPI.IMSI(), aka.ABBAInitial())}, nil
}

// authenticationFailed decides what follows an AUTHENTICATION FAILURE, TS 24.501 §5.4.1.3.7: another challenge, with the
// UE's AUTS if its sequence number was ahead, or the end.
func (ue *ue) authenticationFailed(m *gmm.AuthenticationFailure, rand aka.RAND) (*nausf.ResynchronizationInfo, error) {
	switch m.Cause {
	case gmm.CauseSynchFailure:
		if m.AUTS == nil {
			return nil, fmt.Errorf("UE reports a synchronisation failure without AUTS: %w", errAuthentication)
		}
		ue.log().Info("UE's sequence number is ahead: resynchronising")
		return &nausf.ResynchronizationInfo{RAND: rand, AUTS: aka.AUTS(*m.AUTS)}, nil
	case gmm.CauseNgKSIAlreadyInUse:
		return nil, nil
	case gmm.CauseMACFailure:
		return nil, fmt.Errorf("UE refuses the network's MAC: the K or OPc in its USIM is not the one in the database (is an OP given as OPc? change it with limpid subscriber add --replace): %w", errAuthentication)
	case gmm.CauseNon5GAuthenticationUnacceptable:
		return nil, fmt.Errorf("UE wants the separation bit of the AMF field set (use --amf 8000): %w", errAuthentication)
	}
	return nil, errors.Join(m.Cause, errAuthentication)
}

// sending is what Ask calls to send a NAS message, the first time and again.
func (ue *ue) sending(m gmm.Message) func() error {
	return func() error {
		ue.sendNAS(m)
		return nil
	}
}
