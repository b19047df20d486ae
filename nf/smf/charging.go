package smf

import (
	"fmt"
	"log/slog"
	"time"
)

// chargingID is the SMF charging identifier, TS 32.255 §5.1.10: the F-SEID, of which each life of each node has its own, and
// the SMF with which the session began. It stays the same wherever the session goes.
func (s *session) chargingID() string {
	if s.charging != "" {
		return s.charging
	}
	return s.ownChargingID()
}

func (s *session) ownChargingID() string {
	return fmt.Sprintf("%016x.%s", s.seid, s.smf.cfg.InstanceID)
}

// logUsage is the last word about a session that a UE had: what the UPF counted for it, TS 32.255 §5.2.1.
func (s *session) logUsage() {
	s.mu.Lock()
	usage, started := s.usage, s.started
	s.started = time.Time{}
	s.mu.Unlock()
	if started.IsZero() {
		return
	}
	s.smf.log.Info("PDU session usage", s.attrs(slog.String("charging_id", s.chargingID()), slog.Uint64("uplink_octets", usage.Uplink),
		slog.Uint64("downlink_octets", usage.Downlink), slog.Duration("lasted", time.Since(started)))...)
}
