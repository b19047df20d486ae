package smf

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

var errStopping = errors.New("the SMF is stopping")

// The PDU session identities of a UE, TS 24.501 §9.4 and TS 24.007 §11.2.3.1b.
const (
	minPDUSessionID = 1
	maxPDUSessionID = 15
)

// readEstablishmentRequest reads the N1 message of a new SM context and checks its identities, TS 24.501 §7. On an
// error, answer is what the UE must hear; it is nil where the standard owes no answer.
func readEstablishmentRequest(data nsmf.SMContextCreateData) (m *gsm.PDUSessionEstablishmentRequest, answer gsm.Message, err error) {
	bad := func(cause gsm.Cause, err error) *refusal {
		return &refusal{cause: cause, sbi: nsmf.CauseN1SMError, err: err,
			asked: "a 5GSM message that breaks the rules", allowed: "what TS 24.501 §7 accepts", change: "the UE"}
	}
	id := data.PDUSessionID
	h, err := nas.Peek(data.N1SMMsg)
	if err != nil || h.EPD != nas.EPD5GSM {
		return nil, nil, bad(gsm.CauseInvalidMandatoryInformation, errors.Join(err, errors.New("ignored (TS 24.501 §7.2)")))
	}
	decoded, err := gsm.Decode(data.N1SMMsg)
	if err != nil {
		cause, ok := gsm.CauseOf(err)
		if !ok {
			return nil, nil, bad(gsm.CauseProtocolErrorUnspecified, err)
		}
		if gsm.MessageType(h.MessageType) == gsm.TypePDUSessionEstablishmentRequest { // §7.5.1
			return nil, &gsm.PDUSessionEstablishmentReject{PDUSessionID: id, PTI: h.PTI, Cause: cause}, bad(cause, err)
		}
		return nil, status5GSM(id, h.PTI, cause), bad(cause, err) // §7.4
	}
	m, ok := decoded.(*gsm.PDUSessionEstablishmentRequest)
	if !ok { // a message about a session that does not exist, §7.3.2
		const cause = gsm.CauseInvalidPDUSessionIdentity
		if _, ok := decoded.(*gsm.Status); ok {
			return nil, nil, bad(cause, fmt.Errorf("%s for no session", decoded.Name()))
		}
		return nil, wrongSession(decoded), bad(cause, fmt.Errorf("%s for no session", decoded.Name()))
	}
	switch {
	case wrongPTI(m) != nil: // §7.3.1
		return nil, wrongPTI(m), bad(gsm.CauseInvalidPTIValue, nil)
	case m.PDUSessionID != id || id < minPDUSessionID || id > maxPDUSessionID: // §7.3.2
		return nil, status5GSM(m.PDUSessionID, m.PTI, gsm.CauseInvalidPDUSessionIdentity),
			bad(gsm.CauseInvalidPDUSessionIdentity, fmt.Errorf("identity %d, from the AMF %d", m.PDUSessionID, id))
	}
	return m, nil, nil
}

// checkRequestType refuses what is no new session, TS 23.502 §4.3.2.2.1 step 1.
func (s *SMF) checkRequestType(data nsmf.SMContextCreateData) error {
	switch data.RequestType {
	case nsmf.InitialRequest, "":
		return nil
	case nsmf.ExistingPDUSession:
		s.mu.RLock()
		there := s.byUE[ueSession{data.SUPI, data.PDUSessionID}] != nil
		s.mu.RUnlock()
		if !there { // TS 24.501 §6.4.1.7
			return &refusal{cause: gsm.CausePDUSessionDoesNotExist, sbi: nsmf.CauseN1SMError,
				asked: "to go on with an existing session", allowed: "a new session: it does not exist here", change: "nothing: the UE asks for a new one"}
		}
		return &refusal{cause: gsm.CauseServiceOptionNotSupported, sbi: nsmf.CauseN1SMError,
			asked: "to move a session between accesses", allowed: "sessions over 3GPP access", change: "nothing: the UE asks for a new one"}
	}
	return &refusal{cause: gsm.CauseServiceOptionNotSupported, sbi: nsmf.CauseN1SMError,
		asked: string(data.RequestType), allowed: string(nsmf.InitialRequest), change: "nothing: emergency sessions are not offered"}
}

// network finds the data network, TS 24.501 §6.4.1.4: cause #27 where nobody knows the DNN, #70 where the slice has
// not got it.
func (s *SMF) network(data nsmf.SMContextCreateData) (*dataNetwork, error) {
	n := s.networks[strings.ToLower(string(data.DNN))]
	if n == nil {
		return nil, &refusal{cause: gsm.CauseMissingOrUnknownDNN, sbi: nsmf.CauseDNNNotSupported,
			asked: fmt.Sprintf("DNN %q", data.DNN), allowed: "DNN " + s.dnnNames(), change: "the APN in the phone, or add the DNN to the SMF"}
	}
	if !slices.Contains(n.Slices, data.SNSSAI) {
		return nil, &refusal{cause: gsm.CauseMissingOrUnknownDNNInASlice, sbi: nsmf.CauseSNSSAINotSupported,
			asked: fmt.Sprintf("DNN %q in slice %s", data.DNN, data.SNSSAI), allowed: "slices " + sliceNames(n.Slices),
			change: "the slice in the phone, or add it to the DNN in the SMF"}
	}
	return n, nil
}

func (s *SMF) dnnNames() string {
	var names []string
	for _, d := range s.cfg.DNNs {
		names = append(names, string(d.Name))
	}
	return strings.Join(names, ", ")
}

func sliceNames(list []ident.SNSSAI) string {
	var names []string
	for _, n := range list {
		names = append(names, n.String())
	}
	return strings.Join(names, ", ")
}

// authorize checks the request against the subscription, TS 23.502 §4.3.2.2.1 step 4.
func (s *SMF) authorize(ctx context.Context, network *dataNetwork, data nsmf.SMContextCreateData, m *gsm.PDUSessionEstablishmentRequest) (establishment, error) {
	sub, err := s.deps.SDM.SMData(ctx, data.SUPI, data.ServingNetwork, data.SNSSAI, data.DNN)
	switch cause := sbi.CauseOf(err); {
	case err == nil:
	case cause == nudm.CauseDataNotFound || cause == nudm.CauseUserNotFound || cause == nudm.CauseDNNNotAllowed:
		return establishment{}, &refusal{cause: gsm.CauseRequestedServiceOptionNotSubscribed, sbi: nsmf.CauseDNNDenied, err: err,
			asked: fmt.Sprintf("DNN %q in slice %s", data.DNN, data.SNSSAI), allowed: "what the subscription has", change: "the subscription"}
	default:
		return establishment{}, failure(err, "see why the UDM failed")
	}
	e := establishment{pti: m.PTI, filters: defaultPacketFilters, rqos: m.Capability.ReflectiveQoS(),
		alwaysOn: m.AlwaysOnRequested != nil && *m.AlwaysOnRequested&1 != 0,
		pco:      slices.Clone(m.ProtocolConfigurationOptions), subscribed: sub}
	if m.MaximumPacketFilters != nil {
		e.filters = max(e.filters, int(*m.MaximumPacketFilters))
	}
	if e.kind, e.typeCause, err = network.sessionType(m, &sub); err != nil {
		return establishment{}, err
	}
	e.ssc, err = sscMode(m, &sub, e.kind)
	return e, err
}
