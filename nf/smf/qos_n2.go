package smf

import (
	"github.com/limpid-5g/limpid/wire/ngap"
)

// profiles are the QoS flows for the gNB, TS 38.413 §9.3.1.12.
func (q *sessionQoS) profiles() ngap.QosFlowSetupRequestList {
	list := make(ngap.QosFlowSetupRequestList, 0, len(q.flows))
	for i := range q.flows {
		f := &q.flows[i]
		list = append(list, ngap.QosFlowSetupRequestItem{QosFlowIdentifier: ngap.QosFlowIdentifier(f.qfi), QosFlowLevelQosParameters: f.profile()})
	}
	return list
}

func (f *qosFlow) profile() ngap.QosFlowLevelQosParameters {
	five := &ngap.NonDynamic5QIDescriptor{FiveQI: ngap.FiveQI(f.fiveQI)}
	p := ngap.QosFlowLevelQosParameters{
		QosCharacteristics:             ngap.QosCharacteristics{NonDynamic5QI: five},
		AllocationAndRetentionPriority: ngap.AllocationAndRetentionPriority{PriorityLevelARP: ngap.PriorityLevelARP(f.arp.PriorityLevel)},
	}
	if f.priority != 0 {
		five.PriorityLevelQos = new(ngap.PriorityLevelQos(f.priority))
	}
	if f.window != 0 {
		five.AveragingWindow = new(ngap.AveragingWindow(f.window))
	}
	if f.burst != 0 {
		five.MaximumDataBurstVolume = new(ngap.MaximumDataBurstVolume(f.burst))
	}
	if f.arp.MayPreempt {
		p.AllocationAndRetentionPriority.PreEmptionCapability = ngap.PreEmptionCapabilityMayTriggerPreEmption
	}
	if f.arp.Preemptable {
		p.AllocationAndRetentionPriority.PreEmptionVulnerability = ngap.PreEmptionVulnerabilityPreEmptable
	}
	if f.reflective {
		p.ReflectiveQosAttribute = new(ngap.ReflectiveQosAttributeSubjectTo)
	}
	if f.guaranteed() {
		p.GBRQosInformation = &ngap.GBRQosInformation{
			MaximumFlowBitRateDL: bitRate(f.mbr.Downlink), MaximumFlowBitRateUL: bitRate(f.mbr.Uplink),
			GuaranteedFlowBitRateDL: bitRate(f.gbr.Downlink), GuaranteedFlowBitRateUL: bitRate(f.gbr.Uplink),
		}
		if f.notify {
			p.GBRQosInformation.NotificationControl = new(ngap.NotificationControlNotificationRequested)
		}
	}
	return p
}

// aggregate is the Session-AMBR for the gNB, TS 38.413 §9.3.1.102.
func (q *sessionQoS) aggregate() *ngap.PDUSessionAggregateMaximumBitRate {
	return &ngap.PDUSessionAggregateMaximumBitRate{
		PDUSessionAggregateMaximumBitRateDL: bitRate(q.ambr.Downlink),
		PDUSessionAggregateMaximumBitRateUL: bitRate(q.ambr.Uplink),
	}
}

// profileChanges is what the gNB must change to go from before to q, TS 38.413 §9.3.4.3; nil if that is nothing.
func (q *sessionQoS) profileChanges(before *sessionQoS) *ngap.PDUSessionResourceModifyRequestTransfer {
	var t ngap.PDUSessionResourceModifyRequestTransfer
	changed := false
	if q.ambr != before.ambr {
		t.PDUSessionAggregateMaximumBitRate, changed = q.aggregate(), true
	}
	for i := range q.flows {
		f := &q.flows[i]
		if old := before.flow(f.qfi); old == nil || *old != *f {
			p := f.profile()
			t.QosFlowAddOrModifyRequestList = append(t.QosFlowAddOrModifyRequestList,
				ngap.QosFlowAddOrModifyRequestItem{QosFlowIdentifier: ngap.QosFlowIdentifier(f.qfi), QosFlowLevelQosParameters: &p})
			changed = true
		}
	}
	for i := range before.flows {
		if qfi := before.flows[i].qfi; q.flow(qfi) == nil {
			t.QosFlowToReleaseList = append(t.QosFlowToReleaseList,
				ngap.QosFlowWithCauseItem{QosFlowIdentifier: ngap.QosFlowIdentifier(qfi), Cause: ngap.CauseNASNormalRelease})
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return &t
}

// maxBitRate is the largest Bit Rate, TS 38.413 §9.3.1.4.
const maxBitRate = 4_000_000_000_000

func bitRate(bits uint64) ngap.BitRate { return ngap.BitRate(min(bits, maxBitRate)) }
