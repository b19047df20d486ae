package upf

import (
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// features are what this UPF offers beyond the mandatory, TS 29.244 §8.2.25: it allots F-TEIDs and UE
// addresses, sends end markers, counts packets, takes PFDs, has framed routes, delays notifications of downlink data,
// buffers for as long as it is told, takes an action, a validity time and a number of reports with a quota, and several messages in one
// datagram.
const features = pfcp.UPFeatureFTUP | pfcp.UPFeatureEMPU | pfcp.UPFeatureMNOP | pfcp.UPFeaturePFDM | pfcp.UPFeatureFRRT |
	pfcp.UPFeatureUEIP | pfcp.UPFeatureDDND | pfcp.UPFeatureDLBD | pfcp.UPFeatureQUOAC | pfcp.UPFeatureVTIME | pfcp.UPFeatureNORP | pfcp.UPFeatureIP6PL | pfcp.UPFeatureBUNDL

// association is one CP function that controls this UPF, TS 29.244 §6.2.6.
type association struct {
	node     pfcp.NodeID
	peer     netip.AddrPort
	recovery pfcp.Timestamp
}

// heartbeat answers a heartbeat, TS 29.244 §6.2.2. A new recovery time stamp tells that the CP function restarted and
// forgot its sessions, TS 23.527 §4.
func (u *UPF) heartbeat(peer netip.AddrPort, m *pfcp.HeartbeatRequest) pfcp.Message {
	u.mu.Lock()
	var restarted []*association
	for _, a := range u.associations {
		if a.peer == peer && a.recovery != m.RecoveryTimeStamp {
			restarted = append(restarted, a)
			delete(u.associations, a.node)
		}
	}
	u.mu.Unlock()
	for _, a := range restarted {
		u.log.Warn("CP function restarted, its sessions end", "node", a.node, "peer", peer)
		u.removeSessions(a.node)
	}
	return &pfcp.HeartbeatResponse{RecoveryTimeStamp: u.recovery}
}

// setUpAssociation serves PFCP Association Setup by the CP function, TS 29.244 §6.2.6.2.2: sessions of an earlier
// association with the same node end.
func (u *UPF) setUpAssociation(peer netip.AddrPort, m *pfcp.AssociationSetupRequest) pfcp.Message {
	u.removeSessions(m.NodeID)
	u.mu.Lock()
	u.associations[m.NodeID] = &association{node: m.NodeID, peer: peer, recovery: m.RecoveryTimeStamp}
	u.restored = time.Now()
	u.mu.Unlock()
	u.log.Info("PFCP association set up", "node", m.NodeID, "peer", peer)
	return &pfcp.AssociationSetupResponse{NodeID: u.node, Cause: pfcp.CauseRequestAccepted, RecoveryTimeStamp: u.recovery,
		UPFunctionFeatures: pfcp.Some(features)}
}

// updateAssociation serves PFCP Association Update, TS 29.244 §6.2.7: nothing of it changes what the UPF does.
func (u *UPF) updateAssociation(m *pfcp.AssociationUpdateRequest) pfcp.Message {
	cause := pfcp.CauseRequestAccepted
	if u.association(m.NodeID) == nil {
		cause = pfcp.CauseNoEstablishedAssociation
	}
	return &pfcp.AssociationUpdateResponse{NodeID: u.node, Cause: cause, UPFunctionFeatures: pfcp.Some(features)}
}

// releaseAssociation serves PFCP Association Release, TS 29.244 §6.2.8: the sessions go with it.
func (u *UPF) releaseAssociation(m *pfcp.AssociationReleaseRequest) pfcp.Message {
	if u.association(m.NodeID) == nil {
		return &pfcp.AssociationReleaseResponse{NodeID: u.node, Cause: pfcp.CauseNoEstablishedAssociation}
	}
	u.mu.Lock()
	delete(u.associations, m.NodeID)
	u.mu.Unlock()
	u.removeSessions(m.NodeID)
	u.log.Info("PFCP association released", "node", m.NodeID)
	return &pfcp.AssociationReleaseResponse{NodeID: u.node, Cause: pfcp.CauseRequestAccepted}
}

func (u *UPF) association(n pfcp.NodeID) *association {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.associations[n]
}

// removeSessions ends all sessions of a CP function.
func (u *UPF) removeSessions(n pfcp.NodeID) {
	u.mu.Lock()
	all := make([]*session, 0, len(u.sessions))
	for _, s := range u.sessions {
		all = append(all, s)
	}
	u.mu.Unlock()
	for _, s := range all {
		if !u.lock(s) {
			continue
		}
		if s.node == n {
			u.forget(s)
		}
		u.unlock(s)
	}
}
