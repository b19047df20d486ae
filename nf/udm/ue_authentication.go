package udm

import (
	"context"
	"crypto/rand"
	"net/http"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/aka/milenage"
	"github.com/limpid-5g/limpid/aka/tuak"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/sbi/nudr"
)

// GenerateAuthData implements nudm.UEAuthentication, TS 29.503 §5.4.2.2 and TS 33.501 §6.1.2.
func (u *UDM) GenerateAuthData(ctx context.Context, supiOrSUCI string, req nudm.AuthenticationInfoRequest) (nudm.AuthenticationInfoResult, error) {
	network, err := u.authorise(req.ServingNetworkName)
	if err != nil {
		return nudm.AuthenticationInfoResult{}, err
	}
	supi, err := u.identify(supiOrSUCI)
	if err != nil {
		return nudm.AuthenticationInfoResult{}, err
	}
	subscription, err := u.udr.AuthenticationSubscription(ctx, supi)
	if err != nil {
		return nudm.AuthenticationInfoResult{}, err
	}
	method := subscription.AuthenticationMethod
	if method != nausf.AuthType5GAKA && method != nausf.AuthTypeEAPAKAPrime {
		return nudm.AuthenticationInfoResult{}, rejected("SUPI %s has authentication method %q, want %s or %s",
			supi.Conceal(), method, nausf.AuthType5GAKA, nausf.AuthTypeEAPAKAPrime)
	}
	algorithm, err := newAlgorithm(supi, &subscription)
	if err != nil {
		return nudm.AuthenticationInfoResult{}, err
	}
	if resync := req.ResynchronizationInfo; resync != nil {
		if err := u.resynchronise(ctx, supi, algorithm, resync); err != nil {
			return nudm.AuthenticationInfoResult{}, err
		}
	}
	sqn, err := u.udr.NextSQN(ctx, supi)
	if err != nil {
		return nudm.AuthenticationInfoResult{}, err
	}
	u.met(supi)
	var challenge aka.RAND
	_, _ = rand.Read(challenge[:]) // never fails: it ends the process instead
	v := aka.NewVector(algorithm, challenge, sqn, subscription.AMFField)
	result := nudm.AuthenticationInfoResult{AuthType: method, SUPI: supi}
	if method == nausf.AuthTypeEAPAKAPrime {
		result.EAP = eapVector(&v, network)
	} else {
		result.Vector = homeEnvironmentVector(&v, network)
	}
	return result, nil
}

// eapVector makes a transformed vector of EAP-AKA', TS 33.501 §6.1.3.1 step 1.
func eapVector(v *aka.Vector, network aka.ServingNetwork) nudm.AvEAPAKAPrime {
	ck, ik := aka.NewPrimes(&v.CK, &v.IK, network, v.AUTN.SQNxorAK())
	return nudm.AvEAPAKAPrime{RAND: v.RAND, AUTN: v.AUTN, XRES: v.XRES, CKPrime: ck, IKPrime: ik}
}

// homeEnvironmentVector makes a 5G HE AV, TS 33.501 §6.1.3.2.0.
func homeEnvironmentVector(v *aka.Vector, network aka.ServingNetwork) nudm.Av5GHEAKA {
	return nudm.Av5GHEAKA{
		RAND:     v.RAND,
		AUTN:     v.AUTN,
		XRESStar: aka.NewRESStar(&v.CK, &v.IK, network, &v.RAND, &v.XRES),
		KAUSF:    aka.NewKAUSF(&v.CK, &v.IK, network, v.AUTN.SQNxorAK()),
	}
}

// resynchronise handles a synchronisation failure, TS 33.102 §6.3.5 and TS 33.501 §6.1.3.3.2.
func (u *UDM) resynchronise(ctx context.Context, supi ident.SUPI, algorithm aka.Algorithm, info *nausf.ResynchronizationInfo) error {
	sqnMS, err := aka.OpenAUTS(algorithm, &info.RAND, &info.AUTS)
	if err != nil {
		return rejected("SUPI %s: %v; compare K and OPc of the USIM with limpid subscriber show", supi.Conceal(), err)
	}
	u.log.Info("resynchronisation", "supi", supi.Conceal(), "clause", "TS 33.102 §6.3.5")
	return u.udr.ResynchroniseSQN(ctx, supi, sqnMS)
}

// What TS 35.231 §5.1 leaves to the operator: RES of 64 bits and one iteration of Keccak.
const (
	tuakRESLen     = 8
	tuakIterations = 1
)

// newAlgorithm binds the subscriber's algorithm set to its keys.
func newAlgorithm(supi ident.SUPI, s *nudr.AuthenticationSubscription) (aka.Algorithm, error) {
	switch {
	case s.Algorithm == "milenage" && len(s.K) == 16 && len(s.OPc) == 16:
		return milenage.New((*[16]byte)(s.K), (*milenage.OPc)(s.OPc)), nil
	case s.Algorithm == "tuak" && len(s.OPc) == 32:
		algorithm, err := tuak.New(s.K, (*tuak.TOPc)(s.OPc), tuakRESLen, tuakIterations)
		if err == nil {
			return algorithm, nil
		}
	}
	return nil, badKeys(supi, s)
}

func badKeys(supi ident.SUPI, s *nudr.AuthenticationSubscription) error {
	return sbi.Problem(http.StatusInternalServerError, sbi.CauseSystemFailure,
		"SUPI %s: algorithm %q with K of %d and OPc of %d octets; provision it again", supi.Conceal(), s.Algorithm, len(s.K), len(s.OPc))
}

// ConfirmAuth implements nudm.UEAuthentication, TS 29.503 §5.4.2.3.
func (u *UDM) ConfirmAuth(ctx context.Context, supi ident.SUPI, event nudm.AuthEvent) error {
	if err := u.known(ctx, supi); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ueOf(supi).authentication = &event
	return nil
}

// AuthenticationStatus returns the last outcome that was confirmed since the start, TS 33.501 §6.1.4.1a.
func (u *UDM) AuthenticationStatus(supi ident.SUPI) (event nudm.AuthEvent, known bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if ue, ok := u.ues[supi]; ok && ue.authentication != nil {
		event = *ue.authentication
	}
	return event, !event.TimeStamp.IsZero()
}

// authorise checks the serving network, TS 33.501 §6.1.2.
func (u *UDM) authorise(name string) (aka.ServingNetwork, error) {
	for _, p := range u.serving {
		network, err := aka.NewServingNetwork(p.MCC(), p.MNC())
		if err == nil && string(network) == name {
			return network, nil
		}
	}
	return "", sbi.Problem(http.StatusForbidden, nudm.CauseServingNetworkNotAuthorized,
		"serving network %.64q asked; allowed: %s; add its PLMN to the allowed ones", name, listPLMNs(u.serving))
}
