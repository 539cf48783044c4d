package main

import (
	"context"
	"encoding/json"

	amqp "github.com/rabbitmq/amqp091-go"
)

const exchange = "orders"

type orderEvent struct {
	OrderID    string `json:"order_id"`
	CustomerID string `json:"customer_id,omitempty"`
}

func (s *server) publish(routingKey string, event orderEvent) error {
	body, err := json.Marshal(event)
	if err != nil {
		return err
	}
	return s.channel.PublishWithContext(context.Background(), exchange, routingKey, false, false, amqp.Publishing{
		ContentType: "application/json",
		Body:        body,
	})
}
