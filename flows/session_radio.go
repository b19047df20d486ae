package flows

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// sessionRadioVerbs are what a radio and a UE say of a session by themselves.
func (s *stage) sessionRadioVerbs() verbs {
	return verbs{
		"move-tunnel": s.moveTunnel,
		"gsm":         s.gsm,
		"usage":       s.usage,
		"counted":     s.counted,
		"user-plane":  s.userPlane,
		"forget":      s.forget,
	}
}

// moveTunnel gives a session another end of its tunnel at the gNB, TS 38.413 §8.2.5: "move-tunnel u1 1", of session=7
// instead, with flows=2,3 instead, twice=yes, or with other octets, hex=00.
func (s *stage) moveTunnel(ctx context.Context, c *command) error {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	var o gnb.MoveOptions
	if named := c.options["session"]; named != "" {
		n, err := strconv.ParseUint(named, 10, 8)
		if err != nil {
			return err
		}
		o.Session = uint8(n)
	}
	if list := c.options["flows"]; list != "" {
		if o.Flows, err = identities(list); err != nil {
			return err
		}
	}
	if o.Transfer, err = hex.DecodeString(c.options["hex"]); err != nil || len(o.Transfer) == 0 {
		o.Transfer = nil
	}
	o.Again = c.options["twice"] != ""
	return s.camps.get(u).MoveTunnel(ctx, u, id, o)
}

// gsm lets a UE say a 5GSM message that fits no procedure of its own: "gsm u1 1 Status pti=0 cause=43".
func (s *stage) gsm(_ context.Context, c *command) error {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	if len(c.words) < 4 {
		return fmt.Errorf("gsm UE SESSION MESSAGE")
	}
	pti, err := strconv.ParseUint(option(c, "pti", "0"), 10, 8)
	if err != nil {
		return err
	}
	cause, err := strconv.ParseUint(option(c, "cause", "111"), 10, 8)
	if err != nil {
		return err
	}
	m := strayGSM(c.words[3], id, uint8(pti), gsm.Cause(cause))
	if m == nil {
		return fmt.Errorf("no message %q", c.words[3])
	}
	return u.SendSM(m)
}

// strayGSM is a 5GSM message that a UE might send at any time; nil for a name that is none of them.
func strayGSM(name string, id, pti uint8, cause gsm.Cause) gsm.Message {
	switch name {
	case "PDUSessionReleaseRequest":
		return &gsm.PDUSessionReleaseRequest{PDUSessionID: id, PTI: pti}
	case "PDUSessionReleaseComplete":
		return &gsm.PDUSessionReleaseComplete{PDUSessionID: id, PTI: pti}
	case "PDUSessionModificationRequest":
		return &gsm.PDUSessionModificationRequest{PDUSessionID: id, PTI: pti}
	case "PDUSessionModificationComplete":
		return &gsm.PDUSessionModificationComplete{PDUSessionID: id, PTI: pti}
	case "PDUSessionModificationCommandReject":
		return &gsm.PDUSessionModificationCommandReject{PDUSessionID: id, PTI: pti, Cause: cause}
	case "PDUSessionReleaseCommand": // of the other direction
		return &gsm.PDUSessionReleaseCommand{PDUSessionID: id, PTI: pti, Cause: cause}
	case "PDUSessionAuthenticationComplete":
		return &gsm.PDUSessionAuthenticationComplete{PDUSessionID: id, PTI: pti, EAPMessage: []byte{2, 1, 0, 5, 1}} // of RFC 3748: identity
	case "Status":
		return &gsm.Status{PDUSessionID: id, PTI: pti, Cause: cause}
	}
	return nil
}

// usage is what a gNB counted on a second radio for a session, TS 38.413 §8.15: "usage u1 1 up=1000 down=2000" octets.
func (s *stage) usage(_ context.Context, c *command) error {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	up, err := strconv.ParseUint(option(c, "up", "0"), 10, 64)
	if err != nil {
		return err
	}
	down, err := strconv.ParseUint(option(c, "down", "0"), 10, 64)
	if err != nil {
		return err
	}
	return s.camps.get(u).ReportUsage(u, id, ngap.VolumeTimedReportItem{UsageCountUL: up, UsageCountDL: down})
}

// counted compares what the core has counted for a session: secondary-up=1000 secondary-down=2000 octets.
func (s *stage) counted(_ context.Context, c *command) error {
	_, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	info, ok := s.sessionInfo(c, id)
	if !ok {
		return fmt.Errorf("the SMF has no session %d", id)
	}
	for name, is := range map[string]uint64{
		"up": info.Usage.Uplink, "down": info.Usage.Downlink,
		"secondary-up": info.Usage.SecondaryUplink, "secondary-down": info.Usage.SecondaryDownlink,
	} {
		if want, asked := c.options[name]; asked && want != fmt.Sprint(is) {
			return fmt.Errorf("%s is %d octets, want %s", name, is, want)
		}
	}
	return nil
}

// userPlane checks which sessions of a UE have a user plane: "user-plane u1 up=1,2", or up=none.
func (s *stage) userPlane(_ context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	return userPlanes(u, c.options["up"])
}

// forget lets a UE lose a session without a word, as after an error of its own.
func (s *stage) forget(_ context.Context, c *command) error {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	return u.ForgetSession(id)
}

// strayNotify is a PDU SESSION RESOURCE NOTIFY of any session, with any octets: session=7 transfer=ff released=yes.
func strayNotify(c *command, amfID ngap.AMFUENGAPID, ranID ngap.RANUENGAPID) (ngap.Message, error) {
	id, err := strconv.ParseUint(option(c, "session", "1"), 10, 8)
	if err != nil {
		return nil, err
	}
	transfer, err := hex.DecodeString(c.options["transfer"])
	if err != nil {
		return nil, err
	}
	m := &ngap.PDUSessionResourceNotify{AMFUENGAPID: amfID, RANUENGAPID: ranID}
	if c.options["released"] != "" {
		if len(transfer) == 0 {
			transfer, err = (&ngap.PDUSessionResourceNotifyReleasedTransfer{Cause: ngap.CauseRadioNetworkRadioResourcesNotAvailable}).Append(nil)
		}
		m.PDUSessionResourceReleasedListNot = ngap.PDUSessionResourceReleasedListNot{{PDUSessionID: ngap.PDUSessionID(id), PDUSessionResourceNotifyReleasedTransfer: transfer}}
		return m, err
	}
	if len(transfer) == 0 {
		transfer, err = (&ngap.PDUSessionResourceNotifyTransfer{
			QosFlowNotifyList: ngap.QosFlowNotifyList{{QosFlowIdentifier: 1, NotificationCause: ngap.NotificationCauseNotFulfilled}}}).Append(nil)
	}
	m.PDUSessionResourceNotifyList = ngap.PDUSessionResourceNotifyList{{PDUSessionID: ngap.PDUSessionID(id), PDUSessionResourceNotifyTransfer: transfer}}
	return m, err
}
