package amf

import (
	"context"
	"fmt"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// maxEAPRounds bounds how often UE and AUSF may go to and fro: a challenge, and another after a synchronisation failure.
const maxEAPRounds = 4

// eapFailure says that EAP ended with EAP-Failure, which the UE is sent in the AUTHENTICATION REJECT, TS 24.501 §5.4.1.2.2.
type eapFailure struct{ payload []byte }

func (eapFailure) Error() string { return "the home network ends EAP-AKA' with failure" }

// Unwrap makes it an authentication that failed.
func (eapFailure) Unwrap() error { return errAuthentication }

// authenticateEAP carries EAP-AKA' between UE and AUSF, TS 33.501 §6.1.3.1 and TS 24.501 §5.4.1.2: the AMF looks at nothing
// but the outcome.
func (ue *ue) authenticateEAP(ctx context.Context, started nausf.UEAuthenticationCtx) (proof, error) {
	payload, inUse := started.EAPPayload, false
	ue.nextKSI()
	for range maxEAPRounds {
		request := &gmm.AuthenticationRequest{NgKSI: gmm.KeySetIdentifier(ue.ngKSI), ABBA: aka.ABBAInitial(), EAPMessage: payload}
		answer, err := procedure.AskFor(ctx, ue, T3560, ue.sending(request), answersChallenge)
		if err != nil {
			return proof{}, err
		}
		if failure, ok := answer.(*gmm.AuthenticationFailure); ok {
			if failure.Cause != gmm.CauseNgKSIAlreadyInUse || inUse { // TS 24.501 §5.4.1.2.4.5
				return proof{}, fmt.Errorf("%w: %w", failure.Cause, errAuthentication)
			}
			inUse = true
			ue.nextKSI()
			continue
		}
		response := answer.(*gmm.AuthenticationResponse).EAPMessage
		if len(response) == 0 {
			return proof{}, fmt.Errorf("no EAP message in the response: %w", errAuthentication)
		}
		next, err := ue.amf.services.Authentication.EAPSession(ctx, started.AuthCtxID, nausf.EAPSession{EAPPayload: response})
		if err != nil {
			return proof{}, fmt.Errorf("EAP session: %w", err)
		}
		switch next.AuthResult {
		case nausf.AuthenticationSuccess:
			return proof{supi: next.SUPI, kamf: next.KSEAF.KAMF(next.SUPI.IMSI(), aka.ABBAInitial()), eap: next.EAPPayload}, nil
		case nausf.AuthenticationOngoing:
			payload = next.EAPPayload
			ue.nextKSI()
		default:
			return proof{}, eapFailure{next.EAPPayload}
		}
	}
	return proof{}, fmt.Errorf("EAP goes on after %d rounds: %w", maxEAPRounds, errAuthentication)
}
