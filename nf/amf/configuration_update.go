package amf

import (
	"context"
	"errors"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// configure is the generic UE configuration update procedure, TS 23.502 §4.2.4.2 and TS 24.501 §5.4.4, on a UE in
// CM-CONNECTED. A command that asks for it is sent again under T3555 until the UE acknowledges it; the error is then
// procedure.ErrNoAnswer, TS 24.501 §5.4.4.6 a).
func (ue *ue) configure(ctx context.Context, command *gmm.ConfigurationUpdateCommand) error {
	before := ue.running
	ue.running = configurationUpdate
	defer func() { ue.running = before }()
	if i := command.ConfigurationUpdateIndication; i == nil || *i&gmm.AcknowledgementRequested == 0 {
		ue.sendNAS(command)
		return nil
	}
	_, err := procedure.Ask[*gmm.ConfigurationUpdateComplete](ctx, ue, T3555, ue.sending(command))
	return err
}

// reallocateGUTI gives a UE in CM-CONNECTED a new 5G-GUTI, TS 33.501 §6.12.3: after it has answered paging, its old one
// was readable on the air. Until the UE confirms it both are valid, TS 24.501 §5.4.4.4 and §5.4.4.6.
func (ue *ue) reallocateGUTI(ctx context.Context) {
	if ue.conn == nil || !ue.registered {
		return
	}
	ue.allotGUTI()
	if err := ue.keep(ctx); err != nil { // what the UE is promised outlives this process
		ue.log().Warn("no new 5G-GUTI: it cannot be made durable", "error", err)
		ue.amf.ues.byTMSI.drop(ue.guti.TMSI, ue)
		ue.guti.TMSI, ue.oldTMSI = ue.oldTMSI, 0
		return
	}
	id := gmm.GUTIIdentity(ue.guti)
	acknowledge := gmm.AcknowledgementRequested
	list := ue.taiList()
	err := ue.configure(ctx, &gmm.ConfigurationUpdateCommand{ConfigurationUpdateIndication: &acknowledge, GUTI: &id, TAIList: list})
	switch {
	case err == nil:
		ue.confirmGUTI()
	case errors.Is(err, procedure.ErrNoAnswer):
		ue.log().Warn("no CONFIGURATION UPDATE COMPLETE: both 5G-GUTIs stay valid")
	}
}

// UpdateConfiguration gives a connected UE a new 5G-GUTI, its tracking areas, its slices, the name of the network and the
// time on an operator's word; with register the UE registers again, TS 24.501 §5.4.4.2. Errors: CauseContextNotFound,
// CauseUEInCMIdle, or that the UE does not confirm it.
func (a *AMF) UpdateConfiguration(ctx context.Context, supi ident.SUPI, register bool) error {
	return a.order(ctx, supi, "configuration update", func(ctx context.Context, ue *ue) error { return ue.configureAnew(ctx, register) })
}

func (ue *ue) configureAnew(ctx context.Context, register bool) error {
	ue.allotGUTI()
	if err := ue.keep(ctx); err != nil { // what the UE is promised outlives this process
		return err
	}
	id, indication := gmm.GUTIIdentity(ue.guti), gmm.AcknowledgementRequested
	if register {
		indication |= gmm.RegistrationRequested
	}
	command := &gmm.ConfigurationUpdateCommand{
		ConfigurationUpdateIndication: &indication, GUTI: &id, TAIList: ue.taiList(), AllowedNSSAI: gmm.NewNSSAI(ue.allowed...),
		ServiceAreaList: ue.serviceAreaList(false),
	}
	ue.addNetworkName(command)
	if err := ue.configure(ctx, command); err != nil {
		return err
	}
	ue.confirmGUTI()
	if register { // the UE does so on a new connection, TS 24.501 §5.4.4.3
		ue.releaseConnection(ctx, ngap.CauseNASNormalRelease)
	}
	return nil
}

// nameNetwork tells a UE that has just registered what the network is called and what time it is, TS 24.501 §5.4.4.2. It
// is not acknowledged: a phone that misses it shows its own idea.
func (ue *ue) nameNetwork(ctx context.Context) {
	n := &ue.amf.cfg.Network
	if n.FullName == "" && n.ShortName == "" && n.Zone == nil {
		return
	}
	command := new(gmm.ConfigurationUpdateCommand)
	ue.addNetworkName(command)
	_ = ue.configure(ctx, command) // without acknowledgement there is no error
}

func (ue *ue) addNetworkName(command *gmm.ConfigurationUpdateCommand) {
	n := &ue.amf.cfg.Network
	if n.FullName != "" {
		command.FullNetworkName = &gmm.NetworkName{Name: n.FullName}
	}
	if n.ShortName != "" {
		command.ShortNetworkName = &gmm.NetworkName{Name: n.ShortName}
	}
	if n.Zone != nil {
		setTime(command, time.Now().In(n.Zone))
	}
}

// setTime puts the local time into a command, with how much of its offset is daylight saving, TS 24.501 §8.2.19.
func setTime(command *gmm.ConfigurationUpdateCommand, now time.Time) {
	_, offset := now.Zone()
	zone := gmm.NewTimeZone(time.Duration(offset) * time.Second)
	command.LocalTimeZone = &zone
	command.UniversalTimeAndLocalTimeZone = &gmm.TimeZoneAndTime{Time: now.Truncate(time.Second)}
	command.NetworkDaylightSavingTime = new(gmm.DaylightSavingTime)
	if now.IsDST() {
		*command.NetworkDaylightSavingTime = 1
	}
}
